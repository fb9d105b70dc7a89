import { ChallengeRequiredError, MalformedError, NotEnrolledError } from '../../errors.js'
import { isWithin } from '../../time/age.js'
import { leadBack, leadTo, type Flow, type FlowContext, type Outcome, type Visit } from '../visit.js'
import { verifiedOf } from './manage.js'

/** The recovery codes: how many are left, new ones, and the check that the user has kept them. */
export const codes: Flow = {
  path: '/codes',
  isOn: ({ recoveryCodes }) => recoveryCodes > 0,

  async show (context, visit) {
    const remaining = await countCodes(context, visit)
    return { page: { kind: 'codes', remaining, once: context.once.newText() } }
  },

  actions: {
    create: {
      fields: ['once'],
      async act (context, visit, { once: text }) {
        const { once, verifier } = context
        if (!once.isText(text)) throw new MalformedError('once must be that of a form')
        if (once.wasSent(visit.headers, text)) return leadTo(context, visit, '/codes', { done: 'codesTwice' })
        const { recoveryCodes } = await verifier.newRecoveryCodes(visit.caller)
        visit.setCookie(once.name, once.headerFor(visit.headers, text))
        return { page: { kind: 'newCodes', codes: recoveryCodes, isFirst: false } }
      }
    },

    check: {
      fields: ['code'],
      async act (context, visit, { code = '' }) {
        try {
          const isKept = await context.verifier.keptRecoveryCode(visit.caller, code)
          return isKept ? leadBack(context, visit, '/', { done: 'kept' }) : checkAgain('denied', 403)
        } catch (error) {
          if (error instanceof MalformedError) return checkAgain('malformed', 400)
          throw error
        }
      }
    }
  }
}

/** The codes that are left. Throws unless the session may replace them, which the page's button does. */
async function countCodes (
  { verifier, now, settings: { freshness } }: FlowContext, { caller }: Visit
): Promise<number> {
  const found = await verifier.factors(caller)
  if (verifiedOf(found).length === 0) throw new NotEnrolledError()
  const { approval, recovery } = found
  const isFresh = approval !== null && approval.method === 'totp' && isWithin(freshness, approval.at, now())
  if (!isFresh || recovery === null) throw new ChallengeRequiredError(freshness)
  return recovery.remaining
}

function checkAgain (is: 'denied' | 'malformed', status: number): Outcome {
  return { page: { kind: 'check', problem: { is } }, status }
}
