import { leadTo, type Flow, type FlowContext, type Outcome, type Visit } from '../visit.js'
import type { ForgottenBrowsers } from '../../verifier/browsers.js'
import type { Notice } from '../page.js'

/** The browsers that are remembered. */
export const remembered: Flow = {
  path: '/remembered',
  isOn: ({ rememberFor }) => rememberFor !== null,

  async show ({ verifier }, { caller }) {
    const browsers = await verifier.browsers(caller)
    const rows = browsers.map(({ current: isCurrent, ...row }) => ({ ...row, isCurrent }))
    return { page: { kind: 'remembered', browsers: rows } }
  },

  actions: {
    forget: {
      fields: ['sid'],
      act: async (context, visit, { sid = '' }) =>
        await keepForgotten(context, visit, context.verifier.forgetBrowser(visit.caller, sid), 'forgotten')
    },

    forgetAll: {
      fields: [],
      act: async (context, visit) =>
        await keepForgotten(context, visit, context.verifier.forgetBrowsers(visit.caller), 'forgottenAll')
    }
  }
}

async function keepForgotten (
  context: FlowContext, visit: Visit, forgetting: Promise<ForgottenBrowsers>, done: Notice
): Promise<Outcome> {
  const { browserTokens } = await forgetting
  await visit.keep({ mark: null, browserTokens })
  return leadTo(context, visit, '/remembered', { done })
}
