import { qrCode } from '../../src/qr.js'
import type { Notice, Page, Problem } from '../../src/pages/page.js'

/** A page, and what the page before has done. */
export interface State {
  readonly page: Page
  readonly notice?: Notice
}

const MAY = 1_777_800_000
const DAY = 86_400

const CODES = Array.from({ length: 10 }, (_, index) =>
  ['MFRG', 'GZDF', 'MZTW', 'Q2LK', 'NNWG', `${'ABCDEFGHIJ'[index]}5XA`].join('-'))

const PHONE = { sid: 'YF1', name: 'ada@example.org', verifiedAt: MAY - 90 * DAY, lastUsedAt: MAY }
const TABLET = { sid: 'YF2', name: 'Tablet', verifiedAt: MAY - 2 * DAY, lastUsedAt: null }
const APPS = [{ sid: 'YF1', name: 'ada@example.org' }, { sid: 'YF2', name: 'Tablet' }]

const MANAGE: Page = {
  kind: 'manage', apps: [PHONE, TABLET], isApproved: true, canAdd: true, recoveryCodes: 8, remembered: 2, refusedName: null
}
const CHALLENGE: Page = {
  kind: 'challenge', choices: [], codeLengths: [6], remember: 30 * DAY, hasRecoveryCodes: true, state: { is: 'open' }, problem: null
}
const RECOVER: Page = { kind: 'recover', hasRecoveryCodes: true, problem: null }

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const URI = `otpauth://totp/Acme:ada%40example.org?secret=${SECRET}&issuer=Acme`
const SCAN: Page = {
  kind: 'scan',
  label: 'ada@example.org',
  issuer: 'Acme',
  uri: URI,
  qr: await qrCode(URI, 'svg'),
  secret: SECRET,
  codeLength: 6,
  problem: null
}

const BROWSERS = [
  { sid: 'B1', name: 'Firefox on Linux', at: MAY, expiresAt: MAY + 30 * DAY, isCurrent: true },
  { sid: 'B2', name: 'Safari on iOS', at: MAY - DAY, expiresAt: MAY + 29 * DAY, isCurrent: false },
  { sid: 'B3', name: 'Browser', at: MAY - 2 * DAY, expiresAt: MAY + 28 * DAY, isCurrent: false }
]

const PROBLEMS: readonly Problem[] = [
  'loggedOut', 'crossSite', 'malformed', 'notFound', 'unavailable', 'busy', 'failed'
]

/** Every state of every page. */
export const STATES: Readonly<Record<string, State>> = {
  manage: { page: MANAGE },
  'manage-none': { page: { ...MANAGE, apps: [], recoveryCodes: null, remembered: null } },
  'manage-one': { page: { ...MANAGE, apps: [PHONE], recoveryCodes: 1, remembered: 0 }, notice: 'verified' },
  'manage-no-codes': { page: { ...MANAGE, recoveryCodes: 0, canAdd: false }, notice: 'recovered' },
  'manage-unapproved': {
    page: {
      ...MANAGE,
      apps: [PHONE, TABLET].map(app => ({ ...app, verifiedAt: null, lastUsedAt: null })),
      isApproved: false,
      recoveryCodes: null,
      remembered: null
    }
  },
  'manage-renamed': { page: MANAGE, notice: 'renamed' },
  'manage-removed': { page: { ...MANAGE, apps: [TABLET] }, notice: 'removed' },
  'manage-removed-last': { page: { ...MANAGE, apps: [], recoveryCodes: null, remembered: null }, notice: 'removed' },
  'manage-kept': { page: { ...MANAGE, recoveryCodes: 10 }, notice: 'kept' },
  'manage-refused-name': { page: { ...MANAGE, refusedName: { sid: 'YF2', typed: 'My: tablet' } } },
  start: { page: { kind: 'start', isFirst: true, problem: null } },
  'start-further': { page: { kind: 'start', isFirst: false, problem: null } },
  'start-wrong-codes': { page: { kind: 'start', isFirst: true, problem: { is: 'wrongCodes' } } },
  'start-ended': { page: { kind: 'start', isFirst: true, problem: { is: 'ended' } } },
  'start-limit': { page: { kind: 'start', isFirst: false, problem: { is: 'limit' } } },
  'start-wait': { page: { kind: 'start', isFirst: true, problem: { is: 'wait', seconds: 540 } } },
  'start-name': { page: { kind: 'start', isFirst: false, problem: { is: 'name', typed: 'My: tablet' } } },
  scan: { page: SCAN },
  'scan-denied': { page: { ...SCAN, problem: { is: 'denied' } } },
  'scan-malformed': { page: { ...SCAN, problem: { is: 'malformed' } } },
  'scan-clock': { page: { ...SCAN, problem: { is: 'clock', off: -300 } } },
  challenge: { page: CHALLENGE },
  'challenge-choices': { page: { ...CHALLENGE, choices: APPS, codeLengths: [6, 8] } },
  'challenge-denied': { page: { ...CHALLENGE, remember: null, problem: { is: 'denied' } } },
  'challenge-malformed': { page: { ...CHALLENGE, problem: { is: 'malformed' } } },
  'challenge-clock': { page: { ...CHALLENGE, problem: { is: 'clock', off: 7200 } } },
  'challenge-locked': { page: { ...CHALLENGE, state: { is: 'locked', seconds: 30 } } },
  'challenge-disabled': { page: { ...CHALLENGE, state: { is: 'disabled' } } },
  'challenge-disabled-without-codes': { page: { ...CHALLENGE, hasRecoveryCodes: false, state: { is: 'disabled' } } },
  recover: { page: RECOVER },
  'recover-without-codes': { page: { ...RECOVER, hasRecoveryCodes: false } },
  'recover-denied': { page: { ...RECOVER, problem: { is: 'denied' } } },
  'recover-malformed': { page: { ...RECOVER, problem: { is: 'malformed' } } },
  codes: { page: { kind: 'codes', remaining: 8, once: 'once' }, notice: 'codesTwice' },
  'codes-none': { page: { kind: 'codes', remaining: 0, once: 'once' } },
  'new-codes': { page: { kind: 'newCodes', codes: CODES, isFirst: false } },
  'new-codes-first': { page: { kind: 'newCodes', codes: CODES, isFirst: true } },
  check: { page: { kind: 'check', problem: null } },
  'check-denied': { page: { kind: 'check', problem: { is: 'denied' } } },
  'check-malformed': { page: { kind: 'check', problem: { is: 'malformed' } } },
  remembered: { page: { kind: 'remembered', browsers: BROWSERS } },
  'remembered-forgotten': { page: { kind: 'remembered', browsers: BROWSERS.slice(0, 2) }, notice: 'forgotten' },
  'remembered-none': { page: { kind: 'remembered', browsers: [] }, notice: 'forgottenAll' },
  ...Object.fromEntries(PROBLEMS.map(problem => [`problem-${problem}`, { page: { kind: 'problem', problem } } as const]))
}
