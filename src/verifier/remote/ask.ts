import { deadlineIn } from '../../time/deadline.js'
import type { Leftover } from '../../entity/entity.js'
import { ProviderError, scrubbed, TotpError } from '../../errors.js'
import type { Outcome, RemoteProvider } from '../../providers/provider.js'
import { checkedTag } from '../../providers/tag.js'
import type { VerifierContext } from '../context.js'

/**
 * The provider that keeps a factor, or what is left of one. Throws when that isn't configured, and for a
 * factor that was touched.
 */
export function keeperOf (context: VerifierContext, identity: string, kept: Leftover): RemoteProvider {
  checkedTag(context, identity, kept)
  return context.providers.remote(kept.remote.serviceSid)
}

/** What a remote provider made of a code. When it takes too long, nobody will ever know. */
export async function judgedInTime<T> (timeout: number, ask: () => Promise<T>): Promise<T | Outcome> {
  try {
    return await deadlineIn(timeout).race(ask)
  } catch (error) {
    return { verdict: 'unknown', refusal: new ProviderError(scrubbed(error)) }
  }
}

/** What a remote provider answers. Throws a `TotpError` when it fails, or takes too long. */
export async function answeredInTime<T> (timeout: number, ask: () => Promise<T>): Promise<T> {
  try {
    return await deadlineIn(timeout).race(ask)
  } catch (error) {
    throw error instanceof TotpError ? error : new ProviderError(scrubbed(error))
  }
}
