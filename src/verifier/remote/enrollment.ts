import { newEntity, newSid, type UnverifiedTwilio } from '../../entity/entity.js'
import { ConflictError } from '../../errors.js'
import type { RemoteProvider } from '../../providers/provider.js'
import { tagsOf } from '../../providers/tag.js'
import { change, type VerifierContext } from '../context.js'
import { begun, enrolled, requireEnrollable, unverifiedPart, type Enrolled, type Enrollment } from '../enrolled.js'
import type { Decision } from '../entities.js'
import { refusalOfKnownSecret, throwRefusal } from '../preconditions.js'
import { askForAnswer } from './ask.js'

/**
 * Creates an unverified factor at a remote provider. The entity is written first, because the provider knows
 * the user only by the entity's sid.
 */
export async function enrollRemotely (
  context: VerifierContext, provider: RemoteProvider, enrollment: Enrollment
): Promise<Enrolled> {
  const { caller, friendlyName, secret: given } = enrollment
  const entitySid = await change(context, caller, (kept, now): Decision<string> => {
    const entity = begun(context, kept ?? newEntity(caller.identity, now), enrollment, now)
    if (given !== undefined) throwRefusal(refusalOfKnownSecret(context, entity, given))
    return entity === kept ? { answer: entity.sid } : { next: entity, answer: entity.sid }
  })
  const { secret, uri, config, remote } = await askForAnswer(context.timeout, async () =>
    await provider.bind({ identity: entitySid, friendlyName, config: context.config, secret: given }))
  return await change(context, caller, (entity, now) => {
    if (entity?.sid !== entitySid) throw new ConflictError()
    requireEnrollable(context, entity, enrollment, now)
    const sid = newSid('YF')
    const [tag] = tagsOf(context, entity.identity, sid, remote)
    const unverified: UnverifiedTwilio = {
      provider: 'twilio', remote, tag, config, askedAt: null, ...unverifiedPart(entity, enrollment, sid, now)
    }
    return enrolled(entity, enrollment, unverified, { secret, uri })
  })
}
