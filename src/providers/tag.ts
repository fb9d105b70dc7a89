import type { Leftover, Remote } from '../entity/entity.js'
import { UnsealableError, type Keyring } from '../seal.js'

/** What makes tags. */
type Tagger = Pick<Keyring, 'tags'>

/**
 * Tags that tie a factor at Twilio to its identity, as the seal does with a secret, one for each key: where
 * it is kept can't be moved to somebody else's document.
 */
export function tagsOf (
  { tags }: Tagger, identity: string, factorSid: string, remote: Remote
): readonly [string, ...string[]] {
  const { serviceSid, identity: twilioIdentity, sid } = remote
  return tags(JSON.stringify([serviceSid, twilioIdentity, sid]), { identity, factorSid })
}

/** The tag that it has under the first key. Throws `UnsealableError` when the one that it has is of none. */
export function checkedTag (tagger: Tagger, identity: string, { sid, remote, tag }: Leftover): string {
  const tags = tagsOf(tagger, identity, sid, remote)
  if (tags.includes(tag)) return tags[0]
  throw new UnsealableError('a factor at Twilio was touched, or belongs to another identity')
}
