import { MalformedError } from '../../errors.js'
import type { CheckPage } from '../page.js'
import { leadBack, type Flow } from '../visit.js'
import { codes, countCodes } from './codes.js'

/** The check that the user has kept the recovery codes: a path of its own, so that a challenge leads back. */
export const check: Flow = {
  path: '/codes/check',
  isOn: codes.isOn,

  async show (context, visit) {
    await countCodes(context, visit)
    return { page: pageFor(null) }
  },

  actions: {
    '': {
      fields: ['code'],
      async act (context, visit, { code = '' }) {
        try {
          const isKept = await context.verifier.keptRecoveryCode(visit.caller, code)
          return isKept ? leadBack(context, visit, '/', { done: 'kept' }) : { page: pageFor('denied'), status: 403 }
        } catch (error) {
          if (error instanceof MalformedError) return { page: pageFor('malformed'), status: 400 }
          throw error
        }
      }
    }
  }
}

function pageFor (is: 'denied' | 'malformed' | null): CheckPage {
  return { kind: 'check', problem: is && { is } }
}
