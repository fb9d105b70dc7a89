import type { Factor } from '../../entity/factors.js'
import { isFriendlyName } from '../../entity/friendly-name.js'
import {
  ChallengeDeniedError, EnrollmentEndedError, FactorLimitError, FactorNotFoundError, LockedError,
  MalformedError
} from '../../errors.js'
import { qrCode } from '../../qr.js'
import { isWithin } from '../../time/age.js'
import type { Binding } from '../enrollment-cookie.js'
import type { Page, StartProblem } from '../page.js'
import { codeProblemIn, startProblemIn } from '../query.js'
import { leadBack, leadTo, type Flow, type FlowContext, type Outcome, type Visit } from '../visit.js'
import { unlessGone, verifiedOf } from './manage.js'

/** The enrollment of an app: begin, scan, and give the first code. */
export const enroll: Flow = {
  path: '/enroll',
  isOn: () => true,

  async show (context, visit) {
    const { caller: { identity, session: { mark } }, headers, query } = visit
    const { isFirst, factor } = await enrollmentOf(context, visit)
    const binding = factor && context.enrolling.read(headers, { identity, mark, sid: factor.sid })
    const page = factor && binding
      ? await scanPage(context, visit, factor, binding)
      : startPage(isFirst, startProblemIn(query, context.now()))
    return { page }
  },

  actions: {
    begin: {
      fields: ['friendlyName'],
      async act (context, visit, { friendlyName: typed = '' }) {
        if (typed !== '' && !isFriendlyName(typed)) {
          const { isFirst } = await enrollmentOf(context, visit)
          return { page: startPage(isFirst, { is: 'name', typed }), status: 400 }
        }
        try {
          await beginEnrollment(context, visit, typed)
          return leadTo(context, visit, '/enroll')
        } catch (error) {
          return await leadToStart(context, visit, error)
        }
      }
    },

    verify: {
      fields: ['code'],
      async act (context, visit, { code = '' }) {
        const { isFirst, factor } = await enrollmentOf(context, visit)
        if (factor === null) return leaveEnrollment(context, visit, isFirst)
        try {
          return await verifyFactor(context, visit, factor, code)
        } catch (error) {
          return await leadToScan(context, visit, error)
        }
      }
    },

    cancel: {
      fields: [],
      async act (context, visit) {
        const { factor } = await enrollmentOf(context, visit)
        dropBinding(context, visit)
        return await unlessGone(context, visit, async () => {
          if (factor !== null) await visit.keep(await context.verifier.remove(visit.caller, factor.sid))
          return leadTo(context, visit, '/')
        })
      }
    }
  }
}

/** What the session knows of its enrollment. */
interface Enrollment {
  /** Whether the user has no app yet. */
  readonly isFirst: boolean
  /** Whether the session's approval is fresh enough to add an app. */
  readonly isFresh: boolean
  /** The unverified factor, if this session enrolled it. */
  readonly factor: Factor | null
}

async function enrollmentOf (
  { verifier, now, settings: { freshness } }: FlowContext, { caller }: Visit
): Promise<Enrollment> {
  const found = await verifier.factors(caller)
  const { factors, approval } = found
  return {
    isFirst: verifiedOf(found).length === 0,
    isFresh: approval !== null && isWithin(freshness, approval.at, now()),
    factor: factors.find(({ status }) => status === 'unverified') ?? null
  }
}

async function beginEnrollment (context: FlowContext, visit: Visit, typed: string): Promise<void> {
  const { caller: { identity, session: { mark } }, friendlyName, setCookie } = visit
  const { verifier, enrolling } = context
  const account = await friendlyName()
  const names = typed === '' ? { account } : { account, friendlyName: typed }
  // It returns no mark to keep: the session got one when the request began.
  const { factor: { sid }, secret, uri } = await verifier.enroll(visit.caller, names)
  setCookie(enrolling.name, enrolling.headerFor({ secret, uri }, { identity, mark, sid }))
}

async function leadToStart (context: FlowContext, visit: Visit, error: unknown): Promise<Outcome> {
  if (error instanceof FactorLimitError) return leadTo(context, visit, '/enroll', { problem: 'limit' })
  if (!(error instanceof LockedError)) throw error
  const { isFirst, isFresh } = await enrollmentOf(context, visit)
  // Codes are locked, and a further app takes one first.
  if (!isFirst && !isFresh) throw error
  return leadTo(context, visit, '/enroll', { problem: 'wait', until: String(context.now() + error.retryAfter) })
}

async function verifyFactor (
  context: FlowContext, visit: Visit, { sid }: Factor, code: string
): Promise<Outcome> {
  const { recoveryCodes, mark } = await context.verifier.verify(visit.caller, sid, code)
  await visit.keep({ mark })
  dropBinding(context, visit)
  if (recoveryCodes === null) return leadBack(context, visit, '/', { done: 'verified' })
  return { page: { kind: 'newCodes', codes: recoveryCodes, isFirst: true } }
}

async function leadToScan (context: FlowContext, visit: Visit, error: unknown): Promise<Outcome> {
  if (error instanceof MalformedError) return leadTo(context, visit, '/enroll', { problem: 'malformed' })
  if (error instanceof FactorLimitError) return endEnrollment(context, visit, 'limit')
  if (error instanceof EnrollmentEndedError) return endEnrollment(context, visit, 'ended')
  const { isFirst, isFresh, factor } = await enrollmentOf(context, visit)
  // Codes are locked, and a further app takes one first; or Twilio is asked too often.
  if (error instanceof LockedError) {
    if (!isFirst && !isFresh) throw error
    return { page: { kind: 'problem', problem: 'busy' }, status: 429 }
  }
  if (error instanceof FactorNotFoundError) return leaveEnrollment(context, visit, isFirst)
  if (!(error instanceof ChallengeDeniedError)) throw error
  if (factor === null) return endEnrollment(context, visit, 'wrongCodes')
  const { clockOff } = error
  const says = clockOff === null ? { problem: 'denied' } : { problem: 'clock', off: String(clockOff) }
  return leadTo(context, visit, '/enroll', says)
}

/** The factor is verified, as after a form that was sent twice, or it is gone. */
function leaveEnrollment (context: FlowContext, visit: Visit, isFirst: boolean): Outcome {
  if (isFirst) return endEnrollment(context, visit, 'ended')
  dropBinding(context, visit)
  return leadTo(context, visit, '/')
}

function endEnrollment (context: FlowContext, visit: Visit, problem: 'wrongCodes' | 'ended' | 'limit'): Outcome {
  dropBinding(context, visit)
  return leadTo(context, visit, '/enroll', { problem })
}

function dropBinding ({ enrolling: { name, dropped } }: FlowContext, { setCookie }: Visit): void {
  setCookie(name, dropped)
}

function startPage (isFirst: boolean, problem: StartProblem | null): Page {
  return { kind: 'start', isFirst, problem }
}

async function scanPage (
  { settings: { issuer } }: FlowContext, { query }: Visit, { config }: Factor, { secret, uri }: Binding
): Promise<Page> {
  const [qr, { codeLength }, problem] = [await qrCode(uri, 'svg'), config, codeProblemIn(query)]
  return { kind: 'scan', label: labelIn(uri), issuer, uri, qr, secret, codeLength, problem }
}

/** The account's name in a key URI, after the issuer's. `decodeURIComponent` would throw for some URIs. */
function labelIn (uri: string): string {
  const path = new URL(uri).pathname.replace(/[+&]/g, encodeURIComponent)
  const label = String(new URLSearchParams(`label=${path}`).get('label'))
  return label.slice(label.indexOf(':') + 1)
}
