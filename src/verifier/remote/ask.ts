import { deadlineIn } from '../../time/deadline.js'
import type { Leftover } from '../../entity/entity.js'
import { ProviderError, TotpError } from '../../errors.js'
import { scrubbed } from '../../scrubbed.js'
import type { Outcome, RemoteProvider } from '../../providers/provider.js'
import { checkedTag } from '../../providers/tag.js'
import type { VerifierContext } from '../context.js'

/**
 * The provider that keeps a factor, or the leftover of one. Throws `ProviderError` when that provider isn't
 * configured, and `UnsealableError` when the factor was tampered with.
 */
export function providerOf (context: VerifierContext, identity: string, kept: Leftover): RemoteProvider {
  checkedTag(context, identity, kept)
  return context.providers.remote(kept.remote.serviceSid)
}

/**
 * Asks a remote provider about a code. After a failure or a timeout the verdict is `unknown`: the code may
 * have been judged all the same.
 */
export async function askForVerdict<T> (timeout: number, ask: () => Promise<T>): Promise<T | Outcome> {
  try {
    return await deadlineIn(timeout).call(ask)
  } catch (error) {
    return { verdict: 'unknown', refusal: new ProviderError(scrubbed(error)) }
  }
}

/**
 * Asks a remote provider for something that judges no code. Throws a `TotpError` on a failure or a timeout.
 */
export async function askForAnswer<T> (timeout: number, ask: () => Promise<T>): Promise<T> {
  try {
    return await deadlineIn(timeout).call(ask)
  } catch (error) {
    throw error instanceof TotpError ? error : new ProviderError(scrubbed(error))
  }
}
