import { hashOf, newMark, type Session } from '../entity/approvals.js'
import {
  MAX_FACTORS, newEntity, newSid, type Entity, type UnverifiedEmbedded, type UnverifiedFactor,
  type UnverifiedTwilio
} from '../entity/entity.js'
import { dropUnverified, publicFactor, type Factor } from '../entity/factors.js'
import { isFriendlyName } from '../entity/friendly-name.js'
import { ConflictError, FactorLimitError, MalformedError, type TotpError } from '../errors.js'
import type { LocalProvider, RemoteProvider } from '../providers/provider.js'
import { tagsOf } from '../providers/tag.js'
import type { Decision } from './entities.js'
import { answeredInTime } from './remote/ask.js'
import { requireOngoing, sessionOf, type Caller } from './caller.js'
import { change, stalenessOf, type NewMark, type VerifierContext } from './context.js'

/** Options of `enroll`. */
export interface EnrollOptions {
  /** The account name that the app shows: 1 to 64 characters, no colon, no control characters. */
  readonly friendlyName: string
  /** Base32 of a secret that was made elsewhere, 16 bytes or more. @default a new one */
  readonly secret?: string | undefined
}

/** Answer of `enroll`. */
export interface Enrolled extends NewMark {
  /** The unverified factor. */
  readonly factor: Factor
  /** Base32, for people who can't scan. */
  readonly secret: string
  /** The `otpauth://` URI, for the QR code. */
  readonly uri: string
}

/** What is shown once. */
type Shown = Pick<Enrolled, 'secret' | 'uri'>

/** An enrollment under way. */
interface Enrollment extends EnrollOptions {
  readonly caller: Caller
  readonly session: Session | null
  /** What a session without a mark gets; null for one that keeps its own, and for an operator. */
  readonly mark: string | null
  /** Of the mark that the session has now, or from now on; null for an operator. */
  readonly hash: string | null
}

/** Makes an unverified factor in the place of the one that the identity may have. */
export async function enroll (
  context: VerifierContext, caller: Caller, options: EnrollOptions
): Promise<Enrolled> {
  const session = sessionOf(caller)
  requireFriendlyName(options.friendlyName)
  const mark = session !== null && session.hash === null ? newMark() : null
  const enrollment = { ...options, caller, session, mark, hash: session?.hash ?? (mark && hashOf(mark)) }
  const { present } = context.providers
  return present.name === 'embedded'
    ? await enrollHere(context, present, enrollment)
    : await enrollThere(context, present, enrollment)
}

async function enrollHere (
  context: VerifierContext, provider: LocalProvider, enrollment: Enrollment
): Promise<Enrolled> {
  const { config } = context
  const { caller, friendlyName, secret: given } = enrollment
  return await change(context, caller, (kept, now) => {
    const entity = kept ?? newEntity(caller.identity, now)
    requireEnrollable(context, entity, enrollment, now)
    const sid = newSid('YF')
    const { secret, uri, sealed } = provider.bind({
      identity: entity.identity, factorSid: sid, friendlyName, config, secret: given
    })
    if (given !== undefined) requireNewSecret(context, entity, secret)
    const unverified: UnverifiedEmbedded = {
      provider: 'embedded', sealed, config, ...beginning(entity, enrollment, sid, now)
    }
    return enrolled(entity, enrollment, unverified, { secret, uri })
  })
}

/** The entity has to be there first: to a remote provider, its own sid stands for the identity. */
async function enrollThere (
  context: VerifierContext, provider: RemoteProvider, enrollment: Enrollment
): Promise<Enrolled> {
  const { caller, friendlyName, secret: given } = enrollment
  const entitySid = await change(context, caller, (kept, now): Decision<string> => {
    const entity = kept ?? newEntity(caller.identity, now)
    requireEnrollable(context, entity, enrollment, now)
    if (given !== undefined) requireNewSecret(context, entity, given)
    return kept === null ? { next: entity, answer: entity.sid } : { answer: entity.sid }
  })
  const { secret, uri, config, remote } = await answeredInTime(context.timeout, async () =>
    await provider.bind({ identity: entitySid, friendlyName, config: context.config, secret: given }))
  return await change(context, caller, (entity, now) => {
    if (entity?.sid !== entitySid) throw new ConflictError()
    requireEnrollable(context, entity, enrollment, now)
    const sid = newSid('YF')
    const [tag] = tagsOf(context, entity.identity, sid, remote)
    const unverified: UnverifiedTwilio = {
      provider: 'twilio', remote, tag, config, askedAt: null, ...beginning(entity, enrollment, sid, now)
    }
    return enrolled(entity, enrollment, unverified, { secret, uri })
  })
}

function requireEnrollable (
  context: VerifierContext, entity: Entity, { session }: Enrollment, now: number
): void {
  requireOngoing(entity, session, context.freshness, now)
  const full = wantOfRoom(context, entity, session, now)
  if (full !== null) throw full
}

/** What every factor begins with. */
function beginning ({ generation }: Entity, { friendlyName, hash }: Enrollment, sid: string, now: number) {
  return { sid, friendlyName, createdAt: now, hash, generation, failures: 0 }
}

function enrolled (
  entity: Entity, { mark }: Enrollment, unverified: UnverifiedFactor, shown: Shown
): Decision<Enrolled> {
  return {
    next: { ...dropUnverified(entity), unverified },
    answer: { factor: publicFactor(unverified), ...shown, mark },
    events: [{ type: 'factor.created', factorSid: unverified.sid }]
  }
}

/**
 * Why there is no room for another factor, or null. With a verified one in place it takes a fresh approval: a
 * stolen session must not add its own.
 */
export function wantOfRoom (
  context: VerifierContext, entity: Entity, session: Session | null, now: number
): TotpError | null {
  const { factors } = entity
  const { maxFactors, reenroll, providers } = context
  const stale = factors.length > 0 ? stalenessOf(context, entity, session, now) : null
  if (stale !== null) return stale
  const staying = reenroll ? factors.filter(factor => !providers.isFormer(factor)) : factors
  return staying.length >= maxFactors || factors.length >= MAX_FACTORS ? new FactorLimitError() : null
}

/** Two factors of one secret would make each code work twice. Those at Twilio can't be compared. */
function requireNewSecret (
  { providers: { embedded } }: VerifierContext, { identity, factors }: Entity, secret: string
): void {
  if (factors.some(factor => factor.provider === 'embedded' && embedded.holds(identity, factor, secret))) {
    throw new MalformedError('secret belongs to a factor of this identity already')
  }
}

/** Refuses what no authenticator app can show. */
export function requireFriendlyName (friendlyName: unknown): void {
  if (!isFriendlyName(friendlyName)) {
    throw new MalformedError('friendlyName must have 1 to 64 characters, without colon and control characters')
  }
}
