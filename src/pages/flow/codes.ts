import { ChallengeRequiredError, MalformedError, NotEnrolledError } from '../../errors.js'
import { isWithin } from '../../time/age.js'
import { leadTo, type Flow, type FlowContext, type Visit } from '../visit.js'
import { verifiedOf } from './manage.js'

/** The recovery codes: how many are left, and new ones. */
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
    }
  }
}

/** The codes that are left. Throws unless the session may replace them, which the page's button does. */
export async function countCodes (
  { verifier, now, settings: { freshness } }: FlowContext, { caller }: Visit
): Promise<number> {
  const found = await verifier.factors(caller)
  if (verifiedOf(found).length === 0) throw new NotEnrolledError()
  const { approval, recovery } = found
  const isFresh = approval !== null && approval.method === 'totp' && isWithin(freshness, approval.at, now())
  if (!isFresh || recovery === null) throw new ChallengeRequiredError(freshness)
  return recovery.remaining
}
