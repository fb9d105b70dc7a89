import type { Leftover, Remote } from '../entity/entity.js'
import { UnsealableError, type Keyring } from '../seal.js'

/** Creates tags. */
type Tagger = Pick<Keyring, 'tags'>

/**
 * Tags that tie a factor at Twilio to its identity, one for each key. As with sealed secrets, a factor that
 * is copied into another user's document is refused there.
 */
export function tagsOf (
  { tags }: Tagger, identity: string, factorSid: string, remote: Remote
): readonly [string, ...string[]] {
  const { serviceSid, identity: twilioIdentity, sid } = remote
  return tags(JSON.stringify([serviceSid, twilioIdentity, sid]), { identity, factorSid })
}

/** The tag under the first key. Throws `UnsealableError` when the kept tag isn't right under any key. */
export function checkedTag (tagger: Tagger, identity: string, { sid, remote, tag }: Leftover): string {
  const tags = tagsOf(tagger, identity, sid, remote)
  if (tags.includes(tag)) return tags[0]
  throw new UnsealableError('a factor at Twilio was tampered with, or belongs to another identity')
}
