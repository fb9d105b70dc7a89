import type { Binding } from '../records/secret.js'
import type { EntityDocument, ServiceDocument, StoredChallenge, StoredFactor } from '../records/documents.js'
import { statusAt } from '../records/expiry.js'

/** Whose resources these are, and where. */
export interface Place {
  readonly accountSid: string
  /** Where `/v2` is, as the caller sees it. */
  readonly base: string
}

/** The URL of a list of resources. */
export const urls = {
  services: ({ base }: Place) => `${base}/v2/Services`,
  entities: (place: Place, serviceSid: string) => `${urls.services(place)}/${serviceSid}/Entities`,
  factors: (place: Place, entity: EntityDocument) => `${entityUrl(place, entity)}/Factors`,
  challenges: (place: Place, entity: EntityDocument) => `${entityUrl(place, entity)}/Challenges`
}

/** A service on the wire. */
export function wireService (place: Place, { sid, settings, createdAt, updatedAt }: ServiceDocument): object {
  const url = `${urls.services(place)}/${sid}`
  return {
    sid,
    account_sid: place.accountSid,
    friendly_name: settings.FriendlyName,
    code_length: settings.CodeLength,
    lookup_enabled: settings.LookupEnabled,
    psd2_enabled: settings.Psd2Enabled,
    skip_sms_to_landlines: settings.SkipSmsToLandlines,
    dtmf_input_required: settings.DtmfInputRequired,
    tts_name: settings.TtsName,
    do_not_share_warning_enabled: settings.DoNotShareWarningEnabled,
    custom_code_enabled: settings.CustomCodeEnabled,
    push: {
      include_date: settings['Push.IncludeDate'],
      apn_credential_sid: settings['Push.ApnCredentialSid'],
      fcm_credential_sid: settings['Push.FcmCredentialSid']
    },
    totp: {
      issuer: settings['Totp.Issuer'],
      time_step: settings['Totp.TimeStep'],
      code_length: settings['Totp.CodeLength'],
      skew: settings['Totp.Skew']
    },
    default_template_sid: settings.DefaultTemplateSid,
    whatsapp: { msg_service_sid: settings['Whatsapp.MsgServiceSid'], from: settings['Whatsapp.From'] },
    passkeys: {
      relying_party: {
        id: settings['Passkeys.RelyingParty.Id'],
        name: settings['Passkeys.RelyingParty.Name'],
        origins: settings['Passkeys.RelyingParty.Origins']?.split(',') ?? null
      },
      authenticator_attachment: settings['Passkeys.AuthenticatorAttachment'],
      discoverable_credentials: settings['Passkeys.DiscoverableCredentials'],
      user_verification: settings['Passkeys.UserVerification']
    },
    verify_event_subscription_enabled: settings.VerifyEventSubscriptionEnabled,
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

/** An entity on the wire. */
export function wireEntity (place: Place, entity: EntityDocument): object {
  const date = isoDate(entity.createdAt)
  return {
    sid: entity.sid,
    identity: entity.identity,
    account_sid: place.accountSid,
    service_sid: entity.serviceSid,
    date_created: date,
    date_updated: date,
    url: entityUrl(place, entity),
    links: {
      factors: urls.factors(place, entity),
      new_factors: urls.factors(place, entity),
      challenges: urls.challenges(place, entity)
    }
  }
}

/** A factor on the wire; what it is bound to is shown at its creation alone. */
export function wireFactor (place: Place, entity: EntityDocument, factor: StoredFactor): object {
  const { alg, skew, codeLength, timeStep } = factor.config
  return {
    sid: factor.sid,
    ...ownerOf(place, entity),
    date_created: isoDate(factor.createdAt),
    date_updated: isoDate(factor.updatedAt),
    friendly_name: factor.friendlyName,
    status: factor.status,
    factor_type: 'totp',
    config: { alg, skew, code_length: codeLength, time_step: timeStep },
    metadata: factor.metadata,
    url: `${urls.factors(place, entity)}/${factor.sid}`
  }
}

/** A factor on the wire at its creation. */
export function wireNewFactor (
  place: Place, entity: EntityDocument, factor: StoredFactor, binding: Binding
): object {
  return { ...wireFactor(place, entity, factor), binding, options: null }
}

/** A challenge on the wire. */
export function wireChallenge (
  place: Place, entity: EntityDocument, challenge: StoredChallenge, now: number
): object {
  const url = `${urls.challenges(place, entity)}/${challenge.sid}`
  const { createdAt, respondedAt } = challenge
  return {
    sid: challenge.sid,
    ...ownerOf(place, entity),
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

function ownerOf ({ accountSid }: Place, { serviceSid, sid, identity }: EntityDocument): object {
  return { account_sid: accountSid, service_sid: serviceSid, entity_sid: sid, identity }
}

function entityUrl (place: Place, { serviceSid, identity }: EntityDocument): string {
  return `${urls.entities(place, serviceSid)}/${identity}`
}

function isoDate (seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
