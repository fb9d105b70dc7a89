import {
  ChallengeDeniedError, ChallengeRequiredError, DisabledError, FactorNotFoundError, LockedError,
  MalformedError
} from '../../errors.js'
import type { Approval } from '../../entity/approvals.js'
import type { Factor } from '../../entity/factors.js'
import type { Requirement } from '../../guard.js'
import type { Fields } from '../forms.js'
import type { ChallengePage, ChallengeState } from '../page.js'
import { codeProblemIn } from '../query.js'
import { leadTo, type Flow, type FlowContext, type Outcome, type Visit } from '../visit.js'
import { verifiedOf } from './manage.js'

/** Seconds after an approval in which the page leads on, as after a form that was sent twice. */
const JUST_NOW = 30

/** As recent as can be, so that the answer tells whether codes are judged. */
const NOW: Partial<Requirement> = { maxAge: 1, methods: ['totp'] }

/** The challenge: a code of an app. */
export const challenge: Flow = {
  path: '/challenge',
  isOn: () => true,

  async show (context, visit) {
    const found = await context.verifier.factors(visit.caller)
    const factors = verifiedOf(found)
    if (isJustApproved(context, visit, found.approval)) return leave(context, visit)
    return { page: challengePage(context, visit, factors, await stateOf(context, visit)) }
  },

  actions: {
    '': {
      fields: ['code', 'factorSid', 'remember'],
      async act (context, visit, fields) {
        try {
          const challenged = await context.verifier.challenge(visit.caller, optionsIn(fields))
          await visit.keep(challenged)
          return challenged.reenroll ? leadTo(context, visit, '/enroll') : leave(context, visit)
        } catch (error) {
          return leadTo(context, visit, '/challenge', sayingsOf(error))
        }
      }
    }
  }
}

/**
 * Whether the answer to a form that was sent twice leads here: the first one has got an approval. A guard
 * never leads here with a problem, so one that refuses again makes no circle.
 */
function isJustApproved (
  { now }: FlowContext, { wayBack, query }: Visit, approval: Approval | null
): boolean {
  if (query.problem === null || approval === null || approval.method !== 'totp') return false
  const isRecent = Math.abs(now() - approval.at) <= JUST_NOW
  return isRecent && (wayBack === null || approval.at > wayBack.refusedAt)
}

function leave ({ settings: { home } }: FlowContext, { wayBack }: Visit): Outcome {
  return { location: wayBack?.path ?? home }
}

async function stateOf ({ verifier }: FlowContext, { caller }: Visit): Promise<ChallengeState> {
  try {
    await verifier.check(caller, NOW)
  } catch (error) {
    if (error instanceof LockedError) return { is: 'locked', seconds: error.retryAfter }
    if (error instanceof DisabledError) return { is: 'disabled' }
    if (!(error instanceof ChallengeRequiredError)) throw error
  }
  return { is: 'open' }
}

function challengePage (
  { settings }: FlowContext, { query }: Visit, factors: readonly Factor[], state: ChallengeState
): ChallengePage {
  const { provider, formerProviders, rememberFor: remember, recoveryCodes } = settings
  // Of several apps at Twilio, the code alone doesn't tell which one it is of.
  const isAsked = factors.length > 1 && (provider !== undefined || formerProviders.length > 0)
  return {
    kind: 'challenge',
    choices: isAsked ? factors.map(({ sid, friendlyName: name }) => ({ sid, name })) : [],
    codeLengths: [...new Set(factors.map(({ config }) => config.codeLength))],
    remember,
    hasRecoveryCodes: recoveryCodes > 0,
    state,
    // While codes aren't judged, the next one is of no use.
    problem: state.is === 'open' ? codeProblemIn(query) : null
  }
}

function optionsIn ({ code = '', factorSid, remember }: Fields) {
  if (remember !== undefined && remember !== 'on') throw new MalformedError('remember must be on')
  return { code, factorSid, remember: remember === 'on' }
}

/** What the page says about a refusal; nothing about a lock, which it shows by itself. */
function sayingsOf (error: unknown): Readonly<Record<string, string>> {
  if (error instanceof ChallengeDeniedError) return { problem: 'denied' }
  if (error instanceof MalformedError || error instanceof FactorNotFoundError) return { problem: 'malformed' }
  const isShown =
    error instanceof LockedError || error instanceof DisabledError || error instanceof ChallengeRequiredError
  if (!isShown) throw error
  return {}
}
