import { inBatches } from '../../in-batches.js'
import { MAX_FACTORS, newEntity, newSid, type TwilioFactor } from '../../entity/entity.js'
import { addVerified, publicFactor, type Factor } from '../../entity/factors.js'
import { isFriendlyName } from '../../entity/friendly-name.js'
import { isSameRemote } from '../../entity/twilio-factor.js'
import { FactorLimitError, MalformedError, type TotpError } from '../../errors.js'
import { onlyKnown } from '../../option-checks.js'
import type { TotpConfig } from '../../otp/totp.js'
import { ownOnly } from '../../own-property.js'
import { tagsOf } from '../../providers/tag.js'
import type { Decision } from '../entities.js'
import { askForAnswer } from './ask.js'
import { identityOf } from '../caller.js'
import { change, type VerifierContext } from '../context.js'
import { refusalOfFriendlyName, throwRefusal } from '../preconditions.js'

/** A factor that a user has verified at Twilio already. */
export interface Adoption {
  /** The user's identity here. */
  readonly identity: string
  /** The user's identity at Twilio: 8 to 64 letters, digits and hyphens. */
  readonly twilioIdentity: string
  /** The factor at Twilio: `YF` and 32 hex digits. */
  readonly twilioFactorSid: string
  /** The Verify service that keeps it: `VA` and 32 hex digits. @default the only one that is configured */
  readonly serviceSid?: string
  /**
   * Another name for it, 1 to 64 characters. @default its name at Twilio, or 'Twilio Verify' if that doesn't
   * fit
   */
  readonly friendlyName?: string
}

/** The outcome of one of many adoptions. */
export interface Adopted {
  /** The adoption as it was given. */
  readonly adoption: Adoption
  /** The factor, or null when the adoption failed. */
  readonly factor: Factor | null
  /** Why the adoption failed; null when it didn't. */
  readonly error: unknown
}

/** Adoptions under way at once. Twilio answers too many with 429. */
const BATCH = 8

/**
 * Takes over a factor that the user has verified at Twilio. One that was adopted before is left unchanged.
 */
export async function adopt (context: VerifierContext, adoption: Adoption): Promise<Factor> {
  onlyKnown('adopt.', adoption, ['identity', 'twilioIdentity', 'twilioFactorSid', 'serviceSid', 'friendlyName'])
  const { identity, twilioIdentity, twilioFactorSid, serviceSid, friendlyName } = ownOnly(adoption)
  identityOf(identity)
  if (friendlyName !== undefined) throwRefusal(refusalOfFriendlyName(friendlyName))
  const provider = context.providers.find(serviceSid)
  if (provider === undefined) throw new MalformedError('serviceSid must name a configured provider')
  const remote = { serviceSid: provider.serviceSid, identity: twilioIdentity, sid: twilioFactorSid }
  const found = await askForAnswer(context.timeout, async () => await provider.fetch(remote))
  throwRefusal(refusalToAdopt(found.config))

  return await change(context, { identity, operator: true }, (kept, now): Decision<Factor> => {
    const entity = kept ?? newEntity(identity, now)
    const known = entity.factors.find(factor =>
      factor.provider === 'twilio' && isSameRemote(factor.remote, remote))
    if (known !== undefined) return { answer: publicFactor(known) }
    if (entity.leftovers.some(leftover => isSameRemote(leftover.remote, remote))) {
      throw new MalformedError('the factor was removed here, and still has to be deleted at Twilio')
    }
    if (entity.factors.length >= Math.min(context.maxFactors, MAX_FACTORS)) throw new FactorLimitError()
    const sid = newSid('YF')
    const [tag] = tagsOf(context, identity, sid, remote)
    const factor: TwilioFactor = {
      sid,
      friendlyName: friendlyName ?? (isFriendlyName(found.friendlyName) ? found.friendlyName : 'Twilio Verify'),
      provider: 'twilio',
      remote,
      tag,
      config: found.config,
      createdAt: found.createdAt,
      verifiedAt: now,
      lastUsedAt: now,
      spent: [],
      challenge: null,
      created: []
    }
    return {
      next: addVerified(entity, factor),
      answer: publicFactor(factor),
      events: [{ type: 'factor.adopted', factorSid: factor.sid }]
    }
  })
}

/**
 * Adopts many factors, eight at a time. Calling this again with the same list leaves adopted factors
 * unchanged, and tries those that failed again.
 */
export async function * adoptAll (
  context: VerifierContext, adoptions: Iterable<Adoption> | AsyncIterable<Adoption>
): AsyncGenerator<Adopted, void, undefined> {
  yield * inBatches(BATCH, adoptions, async adoption => {
    try {
      return { adoption, factor: await adopt(context, adoption), error: null }
    } catch (error) {
      return { adoption, factor: null, error }
    }
  })
}

/** A factor whose codes are too easy to guess isn't adopted. */
function refusalToAdopt ({ codeLength, skew, timeStep }: TotpConfig): TotpError | null {
  const whole = Number.isInteger(timeStep) && timeStep >= 15 && timeStep <= 120
  const fits = whole && [6, 7, 8].includes(codeLength) && [0, 1].includes(skew)
  if (fits) return null
  return new MalformedError('the factor at Twilio must have 6 to 8 digits, a skew of 0 or 1, steps of 15 to 120 s')
}
