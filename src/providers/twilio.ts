import { isDeepStrictEqual } from 'node:util'
import { MAX_SECONDS } from '../time/age.js'
import type { Remote } from '../entity/entity.js'
import { InvalidOptionError, MalformedError, ProviderError, TotpError } from '../errors.js'
import { decodeSecret, encodeSecret } from '../otp/secret.js'
import type { TotpConfig } from '../otp/totp.js'
import { ownOnly } from '../own-property.js'
import type { RemoteProvider } from './provider.js'
import {
  answerOf, bindingOf, concerns, configOf, firstVerdictOf, unfit, verdictOf, type Answer
} from './twilio-answer.js'
import {
  causeOf, endsEnrollment, enrollmentRefusal, failureOf, fetchRefusal, isGone, outcomeOf, type Failure
} from './twilio-failure.js'
import { isChallengeSid, isFactorSid, isIdentity, isServiceSid } from './twilio-name.js'

/** The part of the `twilio` package's client that is used. `twilio(accountSid, authToken)` returns one. */
export interface TwilioClient {
  readonly verify: { readonly v2: { services (sid: string): { entities (identity: string): TwilioEntity } } }
}

/** The client's methods for one entity at Twilio. */
export interface TwilioEntity {
  readonly newFactors: { create (params: NewFactorParams): Promise<unknown> }
  factors (sid: string): {
    fetch (): Promise<unknown>
    update (params: { authPayload: string }): Promise<unknown>
    removeWithHttpInfo (): Promise<unknown>
  }
  removeWithHttpInfo (): Promise<unknown>
  readonly challenges: {
    (sid: string): { update (params: { authPayload: string }): Promise<unknown> }
    create (params: { factorSid: string, authPayload: string }): Promise<unknown>
  }
}

/** Parameters of a new factor, as the client spells them. */
export interface NewFactorParams {
  friendlyName: string
  factorType: 'totp'
  'binding.secret'?: string
  'config.alg': TotpConfig['alg']
  'config.timeStep': number
  'config.skew': number
  'config.codeLength': number
}

/** Options of `twilioProvider`. */
export interface TwilioProviderOptions {
  /** A client of the `twilio` package, 6.x: `twilio(accountSid, authToken)`, without `autoRetry`. */
  readonly client: TwilioClient
  /** The Verify service that keeps the factors: `VA` and 32 hex digits. */
  readonly serviceSid: string
}

/** A provider whose factors are at Twilio Verify; create one with `twilioProvider()`. */
export interface TwilioProvider extends RemoteProvider {}

/**
 * Lets Twilio Verify create the secrets and judge the codes. Throws `InvalidOptionError` for a wrong option.
 */
export function twilioProvider (options: TwilioProviderOptions): TwilioProvider {
  const { client, serviceSid, ...others } = ownOnly(options ?? {})
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new InvalidOptionError(unknown, 'is unknown')
  requireClient(client)
  if (!isServiceSid(serviceSid)) throw new InvalidOptionError('serviceSid', 'must be VA and 32 hex digits')

  const entity = (identity: string) => client.verify.v2.services(serviceSid).entities(identity)

  /** Only names may reach the client: it doesn't encode what becomes part of a path. */
  function isHere (remote: Remote): boolean {
    return remote.serviceSid === serviceSid && isIdentity(remote.identity) && isFactorSid(remote.sid)
  }

  function factor (remote: Remote): ReturnType<TwilioEntity['factors']> {
    if (!isHere(remote)) throw notAtThisService()
    return entity(remote.identity).factors(remote.sid)
  }

  return {
    name: 'twilio',
    serviceSid,

    requireConfig ({ timeStep }) {
      if (timeStep < 20 || timeStep > 60) throw new InvalidOptionError('config.timeStep', 'must be 20 to 60 with Twilio')
    },

    async bind ({ identity, label, config, secret: given }) {
      if (!isIdentity(identity)) throw notAtThisService()
      const own = given === undefined ? undefined : encodeSecret(decodeSecret(given))
      const answer = await call(enrollmentRefusal, async () =>
        await entity(identity).newFactors.create({
          friendlyName: label,
          factorType: 'totp',
          ...(own === undefined ? {} : { 'binding.secret': own }),
          'config.alg': config.alg,
          'config.timeStep': config.timeStep,
          'config.skew': config.skew,
          'config.codeLength': config.codeLength
        }))
      const { sid, status, factorType } = answer
      const asAsked = status === 'unverified' && factorType === 'totp' &&
        isDeepStrictEqual(configOf(answer), config)
      if (!isFactorSid(sid) || !asAsked) throw unfit()
      const remote = { serviceSid, identity, sid }
      if (!concerns(answer, remote, sid)) throw unfit()
      return { ...bindingOf(answer, own), config, remote }
    },

    async verify (remote, code) {
      if (!isHere(remote)) return { verdict: 'unjudged', refusal: notAtThisService() }
      try {
        return firstVerdictOf(remote, answerOf(await factor(remote).update({ authPayload: code })))
      } catch (error) {
        const failure = failureOf(error)
        return endsEnrollment(failure) ? { verdict: 'ended' } : outcomeOf(failure)
      }
    },

    async challenge (remote, code, pendingSid) {
      if (!isHere(remote) || !(pendingSid === null || isChallengeSid(pendingSid))) {
        return { verdict: 'unjudged', refusal: notAtThisService() }
      }
      try {
        const { challenges } = entity(remote.identity)
        const answer = pendingSid === null
          ? await challenges.create({ factorSid: remote.sid, authPayload: code })
          : await challenges(pendingSid).update({ authPayload: code })
        return verdictOf(remote, answerOf(answer), pendingSid)
      } catch (error) {
        return outcomeOf(failureOf(error))
      }
    },

    async remove (remote) {
      await remove(() => factor(remote))
    },

    async removeEntity (identity) {
      await remove(() => {
        if (!isIdentity(identity)) throw notAtThisService()
        return entity(identity)
      })
    },

    async fetch (remote) {
      if (!isHere(remote)) {
        throw new MalformedError('a factor at Twilio is named by an identity of 8 to 64 letters, digits and hyphens, ' +
          'and by YF and 32 hex digits')
      }
      const answer = await call(fetchRefusal, async () => await factor(remote).fetch())
      if (!concerns(answer, remote, answer['sid'])) throw unfit()
      if (answer['status'] !== 'verified' || answer['factorType'] !== 'totp') {
        throw new MalformedError('the factor at Twilio is not a verified TOTP factor')
      }
      const { friendlyName, dateCreated } = answer
      const createdAt = dateCreated instanceof Date ? Math.floor(dateCreated.getTime() / 1000) : NaN
      if (typeof friendlyName !== 'string' || !(createdAt >= 0 && createdAt <= MAX_SECONDS)) throw unfit()
      return { friendlyName, config: configOf(answer), createdAt }
    }
  }
}

/** Makes a request that judges no code. Throws the refusal for its failure, or `ProviderError`. */
async function call (
  refusal: (failure: Failure) => TotpError | null, request: () => Promise<unknown>
): Promise<Answer> {
  try {
    return answerOf(await request())
  } catch (error) {
    if (error instanceof TotpError) throw error
    const failure = failureOf(error)
    throw refusal(failure) ?? new ProviderError(causeOf(failure))
  }
}

/** Deletes a resource, unless it is gone already. */
async function remove (resource: () => Pick<TwilioEntity, 'removeWithHttpInfo'>): Promise<void> {
  try {
    // Any other success comes from a proxy in between, such as a login page.
    const { statusCode } = answerOf(await resource().removeWithHttpInfo())
    if (statusCode !== 204) throw unfit()
  } catch (error) {
    const failure = failureOf(error)
    if (!isGone(failure)) throw error instanceof TotpError ? error : new ProviderError(causeOf(failure))
  }
}

function notAtThisService (): ProviderError {
  return new ProviderError(new Error('the factor can\'t be at this Verify service'))
}

function requireClient (client: TwilioClient): void {
  const services: unknown = client?.verify?.v2?.services
  if (typeof services !== 'function') {
    throw new InvalidOptionError('client', 'must be a client of the twilio package: twilio(accountSid, authToken)')
  }
  // A code that the client sends again is another attempt at Twilio.
  if ('httpClient' in client && Reflect.get(Object(client.httpClient), 'autoRetry') === true) {
    throw new InvalidOptionError('client', 'must be made without autoRetry')
  }
}
