import { newEntity, newSid, type UnverifiedEmbedded } from '../entity/entity.js'
import { hashOf, newMark } from '../entity/mark.js'
import type { LocalProvider } from '../providers/provider.js'
import { sessionOf, type Caller } from './caller.js'
import { change, type VerifierContext } from './context.js'
import {
  begun, enrolled, unverifiedPart, type Enrolled, type Enrollment, type EnrollOptions
} from './enrolled.js'
import { refusalOfFriendlyName, refusalOfKnownSecret, throwRefusal } from './preconditions.js'
import { enrollRemotely } from './remote/enrollment.js'

/** Creates an unverified factor, in the place of the one that the identity may have. */
export async function enroll (
  context: VerifierContext, caller: Caller, options: EnrollOptions
): Promise<Enrolled> {
  const session = sessionOf(caller)
  throwRefusal(refusalOfFriendlyName(options.friendlyName))
  const mark = session !== null && session.hash === null ? newMark() : null
  const enrollment = { ...options, caller, session, mark, hash: session?.hash ?? (mark && hashOf(mark)) }
  const { present } = context.providers
  return present.name === 'embedded'
    ? await enrollHere(context, present, enrollment)
    : await enrollRemotely(context, present, enrollment)
}

async function enrollHere (
  context: VerifierContext, provider: LocalProvider, enrollment: Enrollment
): Promise<Enrolled> {
  const { config } = context
  const { caller, friendlyName, secret: given } = enrollment
  return await change(context, caller, (kept, now) => {
    const entity = begun(context, kept ?? newEntity(caller.identity, now), enrollment, now)
    const sid = newSid('YF')
    const { secret, uri, sealed } = provider.bind({
      identity: entity.identity, factorSid: sid, friendlyName, config, secret: given
    })
    if (given !== undefined) throwRefusal(refusalOfKnownSecret(context, entity, secret))
    const unverified: UnverifiedEmbedded = {
      provider: 'embedded', sealed, config, ...unverifiedPart(entity, enrollment, sid, now)
    }
    return enrolled(entity, enrollment, unverified, { secret, uri })
  })
}
