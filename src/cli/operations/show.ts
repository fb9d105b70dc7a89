import type { KeptAttempts, KeptEntity, KeptFactor, KeptPass } from '../../entity/kept.js'
import { systemClock } from '../../time/clock.js'
import { terminalJson } from './terminal-json.js'
import { unfinishedMove } from './unfinished-move.js'
import { userCommand } from './user-command.js'
import { utcTime } from './utc-time.js'

/** Shows what is kept about a user. */
export const showCommand = userCommand({
  name: 'show',
  summary: 'shows what is kept about a user',
  about: `Shows all that is kept about one user, without secrets: factors, wrong codes, approvals, remembered browsers,
recovery codes that are left. With --json it shows every part, for a user who asks for their data. It changes nothing.`,
  actsOnClosed: () => true,
  act: async ({ kept }) => ({ json: kept, text: linesOf(kept).join('\n') })
})

function linesOf (kept: KeptEntity): string[] {
  const { identity, sid, factors, unverified, attempts, approvals, browsers, recovery, pass, movingTo } = kept
  const { leftovers: { length: left } } = kept
  return [
    `${terminalJson(identity)}  ${factors.length === 0 ? 'unenrolled' : 'enrolled'}  ${sid}`,
    ...factors.map(factorLine),
    ...unverified === null ? [] : [factorLine(unverified)],
    `  recovery codes left: ${recovery.remaining}`,
    ...pass === null ? [] : [passLine(pass)],
    `  approvals kept (some may have expired): ${approvals.length}`,
    `  remembered browsers kept (some may have expired): ${browsers.length}${namesOf(browsers)}`,
    ...attemptLines(attempts),
    ...left === 0 ? [] : [`  removed factors that Twilio still has: ${left}`],
    ...movingTo === null ? [] : [`  a move was interrupted: ${unfinishedMove(identity, movingTo)}`]
  ]
}

function passLine ({ by, expiresAt }: KeptPass): string {
  const end = expiresAt <= systemClock() ? `ended ${utcTime(expiresAt)}` : `ends ${utcTime(expiresAt)} at the latest`
  return `  pass: issued by ${terminalJson(by)}, ${end}`
}

function namesOf (browsers: KeptEntity['browsers']): string {
  return browsers.length === 0 ? '' : `: ${browsers.map(({ name }) => terminalJson(name)).join(', ')}`
}

function factorLine ({ sid, friendlyName, provider, createdAt, verifiedAt, lastUsedAt }: KeptFactor): string {
  const used = lastUsedAt === null ? '' : `, last used ${utcTime(lastUsedAt)}`
  const state = verifiedAt === null ? `unverified, enrolled ${utcTime(createdAt)}` : `verified ${utcTime(verifiedAt)}${used}`
  return `  ${sid}  ${terminalJson(friendlyName)}  ${provider}, ${state}`
}

function attemptLines ({ failures, tally, lockedAt, disabledAt }: KeptAttempts): string[] {
  return [
    `  wrong codes since the last right one: ${failures}, in all: ${tally}`,
    ...lockedAt === null ? [] : [`  the last lock began ${utcTime(lockedAt)}`],
    ...disabledAt === null ? [] : [`  challenges are disabled since ${utcTime(disabledAt)}: a recovery code, a pass or "unlock" ends this`]
  ]
}
