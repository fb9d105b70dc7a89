import { ChallengeDeniedError, MalformedError } from '../../errors.js'
import { recoveryProblemIn } from '../query.js'
import { leadBack, leadTo, type Flow } from '../visit.js'

/** The way in without an app: a recovery code or a pass, also while challenges are locked. */
export const recover: Flow = {
  path: '/recover',
  isOn: () => true,

  async show ({ settings: { recoveryCodes } }, { query }) {
    const problem = recoveryProblemIn(query)
    return { page: { kind: 'recover', hasRecoveryCodes: recoveryCodes > 0, problem } }
  },

  actions: {
    '': {
      fields: ['code'],
      async act (context, visit, { code = '' }) {
        try {
          const { mark } = await context.verifier.recover(visit.caller, code)
          await visit.keep({ mark })
          return leadBack(context, visit, '/', { done: 'recovered' })
        } catch (error) {
          return leadTo(context, visit, '/recover', { problem: problemOf(error) })
        }
      }
    }
  }
}

function problemOf (error: unknown): string {
  if (error instanceof ChallengeDeniedError) return 'denied'
  if (error instanceof MalformedError) return 'malformed'
  throw error
}
