import { atOnce } from '../../in-batches.js'
import { MAX_FACTORS, newEntity, newSid, type TwilioFactor } from '../../entity/entity.js'
import { addVerified, publicFactor, type Factor } from '../../entity/factors.js'
import { isFriendlyName } from '../../entity/friendly-name.js'
import { isSameRemote } from '../../entity/twilio-factor.js'
import { FactorLimitError, MalformedError } from '../../errors.js'
import type { TotpConfig } from '../../otp/totp.js'
import { tagsOf } from '../../providers/tag.js'
import type { Decision } from '../entities.js'
import { answeredInTime } from './ask.js'
import { identityOf } from '../caller.js'
import { change, type VerifierContext } from '../context.js'
import { requireFriendlyName } from '../enrollment.js'

/** A factor that an identity has at Twilio already. */
export interface Adoption {
  /** Whose it is here. */
  readonly identity: string
  /** What Twilio knows them by: 8 to 64 letters, digits and hyphens. */
  readonly twilioIdentity: string
  /** The factor there: `YF` and 32 hex digits. */
  readonly twilioFactorSid: string
  /** The Verify service that keeps it. @default the only one that is configured */
  readonly serviceSid?: string
  /** Another name for it, 1 to 64 characters. @default the one that it has at Twilio */
  readonly friendlyName?: string
}

/** What became of one adoption of many. */
export interface Adopted {
  /** What was to be adopted. */
  readonly adoption: Adoption
  /** The factor, or null when it could not be adopted. */
  readonly factor: Factor | null
  /** Why it could not be adopted. */
  readonly error: unknown
}

/** Adoptions under way at once: Twilio answers more than it likes with 429. */
const AT_ONCE = 8

/** Takes over a factor that somebody has verified at Twilio. One that was adopted before is left as it is. */
export async function adopt (context: VerifierContext, adoption: Adoption): Promise<Factor> {
  const { identity, twilioIdentity, twilioFactorSid, serviceSid, friendlyName } = adoption
  identityOf(identity)
  if (friendlyName !== undefined) requireFriendlyName(friendlyName)
  const provider = context.providers.find(serviceSid)
  if (provider === undefined) throw new MalformedError('serviceSid must be of a provider that is configured')
  const remote = { serviceSid: provider.serviceSid, identity: twilioIdentity, sid: twilioFactorSid }
  const found = await answeredInTime(context.timeout, async () => await provider.fetch(remote))
  requireAdoptable(found.config)

  return await change(context, { identity }, (kept, now): Decision<Factor> => {
    const entity = kept ?? newEntity(identity, now)
    const known = entity.factors.find(factor =>
      factor.provider === 'twilio' && isSameRemote(factor.remote, remote))
    if (known !== undefined) return { answer: publicFactor(known) }
    if (entity.leftovers.some(leftover => isSameRemote(leftover.remote, remote))) {
      throw new MalformedError('the factor was removed here, and is to be deleted at Twilio')
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

/** Adopts many, some at a time. It can be repeated: what was adopted stays, what failed is tried again. */
export async function * adoptAll (
  context: VerifierContext, adoptions: Iterable<Adoption> | AsyncIterable<Adoption>
): AsyncGenerator<Adopted, void, undefined> {
  yield * atOnce(AT_ONCE, adoptions, async adoption => {
    try {
      return { adoption, factor: await adopt(context, adoption), error: null }
    } catch (error) {
      return { adoption, factor: null, error }
    }
  })
}

/** What is too easy to guess is not taken over. */
function requireAdoptable ({ codeLength, skew, timeStep }: TotpConfig): void {
  const whole = Number.isInteger(timeStep) && timeStep >= 15 && timeStep <= 120
  const fits = whole && [6, 7, 8].includes(codeLength) && [0, 1].includes(skew)
  if (!fits) {
    throw new MalformedError('the factor at Twilio must have 6 to 8 digits, a skew of 0 or 1, steps of 15 to 120 s')
  }
}
