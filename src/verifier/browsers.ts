import {
  browserOf, browsersWith, forget, publicBrowser, rememberedBrowsers, type RememberedBrowser
} from '../entity/browsers.js'
import type { Entity, StoredBrowser } from '../entity/entity.js'
import { NotEnrolledError } from '../errors.js'
import { browserOfCaller, sessionOf, type Caller } from './caller.js'
import { change, type VerifierContext } from './context.js'
import type { Decision } from './entities.js'
import { refusalWithoutApproval, throwRefusal } from './preconditions.js'

/** Answer of `forgetBrowser` and `forgetBrowsers`. */
export interface ForgottenBrowsers {
  /**
   * The tokens that the cookie of the asking browser has to hold from now on: give them to `keep`. Null
   * leaves the cookie as it is.
   */
  readonly browserTokens: readonly string[] | null
}

/** The remembered browsers of the caller's user, the latest one first. It takes an approval. */
export async function browsers (
  context: VerifierContext, caller: Caller
): Promise<readonly RememberedBrowser[]> {
  const { entities, rememberFor } = context
  const session = sessionOf(caller)
  const { tokens } = browserOfCaller(caller)
  const { document: entity, now } = await entities.read(caller)
  if (entity === null) {
    throwRefusal(session && new NotEnrolledError())
    return []
  }
  throwRefusal(refusalWithoutApproval(context, { entity, session, now }))
  const own = browserOf(entity, tokens, rememberFor, now)
  return rememberedBrowsers(entity, rememberFor, now).map(browser =>
    publicBrowser(browser, rememberFor, browser === own))
}

/** In the place of a sid: the browser that asks. Without an approval it can't learn its sid. */
const CURRENT = 'current'

/**
 * Forgets the browser of this sid, which may be gone already. It takes an approval, unless it is the browser
 * that asks.
 */
export async function forgetBrowser (
  context: VerifierContext, caller: Caller, sid: string
): Promise<ForgottenBrowsers> {
  const { tokens } = browserOfCaller(caller)
  const own = (entity: Entity) => browsersWith(entity, tokens)
  if (sid === CURRENT) return await forgetThose(context, caller, own, () => true)
  return await forgetThose(context, caller,
    entity => entity.browsers.filter(browser => browser.sid === sid),
    entity => own(entity).some(browser => browser.sid === sid))
}

/** Forgets all remembered browsers of the caller's user. It takes an approval. */
export async function forgetBrowsers (context: VerifierContext, caller: Caller): Promise<ForgottenBrowsers> {
  return await forgetThose(context, caller, entity => entity.browsers, () => false)
}

async function forgetThose (
  context: VerifierContext,
  caller: Caller,
  choose: (entity: Entity) => readonly StoredBrowser[],
  isOwn: (entity: Entity) => boolean
): Promise<ForgottenBrowsers> {
  const session = sessionOf(caller)
  const { tokens } = browserOfCaller(caller)
  return await change(context, caller, (entity, now): Decision<ForgottenBrowsers> => {
    if (entity === null) {
      throwRefusal(session && new NotEnrolledError())
      return { answer: { browserTokens: null } }
    }
    const chosen = choose(entity)
    if (!isOwn(entity)) throwRefusal(refusalWithoutApproval(context, { entity, session, now }))
    if (chosen.length === 0) return { answer: { browserTokens: null } }
    const { entity: next, tokens: left } = forget(entity, chosen, tokens)
    return {
      next,
      answer: { browserTokens: left.length === tokens.length ? null : left },
      events: chosen.map(() => ({ type: 'browser.forgotten', factorSid: null }))
    }
  })
}
