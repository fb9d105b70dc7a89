import { deadlineIn } from '../deadline.js'
import type { Leftover, Remote } from '../entity/entity.js'
import { ProviderError, scrubbed, TotpError } from '../errors.js'
import type { Outcome, RemoteProvider } from '../providers/provider.js'
import { UnsealableError } from '../seal.js'
import type { VerifierContext } from './context.js'

/**
 * Tags that tie a factor at Twilio to its identity, as the seal does with a secret, one for each key: where
 * it is kept can't be moved to somebody else's document.
 */
export function tagsOf (
  { tags }: Pick<VerifierContext, 'tags'>, identity: string, factorSid: string, remote: Remote
): readonly [string, ...string[]] {
  const { serviceSid, identity: twilioIdentity, sid } = remote
  return tags(JSON.stringify([serviceSid, twilioIdentity, sid]), { identity, factorSid })
}

/**
 * The provider that keeps a factor, or what is left of one. Throws when that isn't configured, and for a
 * factor that was touched.
 */
export function keeperOf (
  context: VerifierContext, identity: string, { sid, remote, tag }: Leftover
): RemoteProvider {
  if (!tagsOf(context, identity, sid, remote).includes(tag)) {
    throw new UnsealableError('a factor at Twilio was touched, or belongs to another identity')
  }
  return context.providers.remote(remote.serviceSid)
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
