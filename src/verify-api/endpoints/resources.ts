import type { EntityDocument, ServiceDocument, StoredChallenge, StoredFactor } from '../records/documents.js'
import { statusAt } from '../records/expiry.js'
import type { Binding } from '../records/secret.js'
import { settingsResource } from '../records/settings.js'

/** The account that all resources belong to, and the beginning of their URLs. */
export interface ResourceRoot {
  readonly accountSid: string
  /** The URL in front of `/v2`, as the client sees it. */
  readonly base: string
}

/** The URLs of lists. */
export const urls = {
  services: ({ base }: ResourceRoot) => `${base}/v2/Services`,
  entities: (root: ResourceRoot, serviceSid: string) => `${urls.services(root)}/${serviceSid}/Entities`,
  factors: (root: ResourceRoot, entity: EntityDocument) => `${entityUrl(root, entity)}/Factors`,
  challenges: (root: ResourceRoot, entity: EntityDocument) => `${entityUrl(root, entity)}/Challenges`
}

/** A service as clients get it. */
export function serviceResource (
  root: ResourceRoot, { sid, settings, createdAt, updatedAt }: ServiceDocument
): object {
  const url = `${urls.services(root)}/${sid}`
  return {
    sid,
    account_sid: root.accountSid,
    ...settingsResource(settings),
    date_created: isoDate(createdAt),
    date_updated: isoDate(updatedAt),
    url,
    links: {
      verification_checks: `${url}/VerificationCheck`,
      verifications: `${url}/Verifications`,
      rate_limits: `${url}/RateLimits`,
      messaging_configurations: `${url}/MessagingConfigurations`,
      entities: `${url}/Entities`,
      webhooks: `${url}/Webhooks`,
      access_tokens: `${url}/AccessTokens`
    }
  }
}

/** An entity as clients get it. */
export function entityResource (root: ResourceRoot, entity: EntityDocument): object {
  const date = isoDate(entity.createdAt)
  return {
    sid: entity.sid,
    identity: entity.identity,
    account_sid: root.accountSid,
    service_sid: entity.serviceSid,
    date_created: date,
    date_updated: date,
    url: entityUrl(root, entity),
    links: {
      factors: urls.factors(root, entity),
      new_factors: urls.factors(root, entity),
      challenges: urls.challenges(root, entity)
    }
  }
}

/** A factor as clients get it, without the binding, which only `newFactorResource` shows. */
export function factorResource (root: ResourceRoot, entity: EntityDocument, factor: StoredFactor): object {
  const { alg, skew, codeLength, timeStep } = factor.config
  return {
    sid: factor.sid,
    ...ownerOf(root, entity),
    date_created: isoDate(factor.createdAt),
    date_updated: isoDate(factor.updatedAt),
    friendly_name: factor.friendlyName,
    status: factor.status,
    factor_type: 'totp',
    config: { alg, skew, code_length: codeLength, time_step: timeStep },
    metadata: factor.metadata,
    url: `${urls.factors(root, entity)}/${factor.sid}`
  }
}

/** A factor as the client that creates it gets it. */
export function newFactorResource (
  root: ResourceRoot, entity: EntityDocument, factor: StoredFactor, binding: Binding
): object {
  return { ...factorResource(root, entity, factor), binding, options: null }
}

/** A challenge as clients get it. */
export function challengeResource (
  root: ResourceRoot, entity: EntityDocument, challenge: StoredChallenge, now: number
): object {
  const url = `${urls.challenges(root, entity)}/${challenge.sid}`
  const { createdAt, respondedAt } = challenge
  return {
    sid: challenge.sid,
    ...ownerOf(root, entity),
    factor_sid: challenge.factorSid,
    date_created: isoDate(createdAt),
    date_updated: isoDate(challenge.updatedAt),
    date_responded: respondedAt === null ? null : isoDate(respondedAt),
    expiration_date: isoDate(challenge.expiresAt),
    status: statusAt(challenge, now),
    responded_reason: 'none',
    details: { message: challenge.message, fields: challenge.fields, date: isoDate(createdAt) },
    hidden_details: challenge.hiddenDetails,
    metadata: challenge.metadata,
    factor_type: 'totp',
    url,
    links: { notifications: `${url}/Notifications` }
  }
}

function ownerOf ({ accountSid }: ResourceRoot, { serviceSid, sid, identity }: EntityDocument): object {
  return { account_sid: accountSid, service_sid: serviceSid, entity_sid: sid, identity }
}

function entityUrl (root: ResourceRoot, { serviceSid, identity }: EntityDocument): string {
  return `${urls.entities(root, serviceSid)}/${identity}`
}

function isoDate (seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
