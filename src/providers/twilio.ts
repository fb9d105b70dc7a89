import { isDeepStrictEqual } from 'node:util'
import { MAX_SECONDS } from '../time/age.js'
import type { Remote } from '../entity/entity.js'
import { InvalidOptionError, MalformedError, ProviderError, TotpError } from '../errors.js'
import { decodeSecret, encodeSecret } from '../otp/secret.js'
import type { TotpConfig } from '../otp/totp.js'
import type { RemoteProvider } from './provider.js'
import { answerOf, bindingOf, concerns, configOf, unfit, verdict, verification, type Answer } from './twilio-answer.js'
import {
  causeOf, enrollmentRefusal, failedOutcome, failureOf, fetchRefusal, hasEnded, isGone, type Failure
} from './twilio-failure.js'
import { isChallengeSid, isFactorSid, isIdentity, isServiceSid } from './twilio-name.js'

/**
 * As much of the client of the `twilio` package as is used: what `twilio(accountSid, authToken)` returns has
 * it.
 */
export interface TwilioClient {
  readonly verify: { readonly v2: { services (sid: string): { entities (identity: string): TwilioEntity } } }
}

/** What the client knows of one entity at Twilio. */
export interface TwilioEntity {
  readonly newFactors: { create (params: NewFactorParams): Promise<unknown> }
  factors (sid: string): {
    fetch (): Promise<unknown>
    update (params: { authPayload: string }): Promise<unknown>
    removeWithHttpInfo (): Promise<unknown>
  }
  readonly challenges: {
    (sid: string): { update (params: { authPayload: string }): Promise<unknown> }
    create (params: { factorSid: string, authPayload: string }): Promise<unknown>
  }
}

/** Parameters of a new factor, in the client's spelling. */
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

/** A provider of factors that Twilio Verify keeps. */
export interface TwilioProvider extends RemoteProvider {}

/** Lets Twilio Verify make the secrets and judge the codes. Throws `InvalidOptionError` for wrong options. */
export function twilioProvider (options: TwilioProviderOptions): TwilioProvider {
  const { client, serviceSid, ...others } = options ?? {}
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new InvalidOptionError(unknown, 'is unknown')
  requireClient(client)
  if (!isServiceSid(serviceSid)) throw new InvalidOptionError('serviceSid', 'must be VA and 32 hex digits')

  const entity = (identity: string) => client.verify.v2.services(serviceSid).entities(identity)

  /** The client encodes nothing that becomes part of a path, so nothing else than names may reach it. */
  function isHere (remote: Remote): boolean {
    return remote.serviceSid === serviceSid && isIdentity(remote.identity) && isFactorSid(remote.sid)
  }

  function factor (remote: Remote): ReturnType<TwilioEntity['factors']> {
    if (!isHere(remote)) throw stray()
    return entity(remote.identity).factors(remote.sid)
  }

  return {
    name: 'twilio',
    serviceSid,

    requireConfig ({ timeStep }) {
      if (timeStep < 20 || timeStep > 60) throw new InvalidOptionError('config.timeStep', 'must be 20 to 60 with Twilio')
    },

    async bind ({ identity, friendlyName, config, secret: given }) {
      if (!isIdentity(identity)) throw stray()
      const own = given === undefined ? undefined : encodeSecret(decodeSecret(given))
      const answer = await asked(enrollmentRefusal, async () =>
        await entity(identity).newFactors.create({
          friendlyName,
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
      if (!isHere(remote)) return { verdict: 'unjudged', refusal: stray() }
      try {
        return verification(remote, answerOf(await factor(remote).update({ authPayload: code })))
      } catch (error) {
        const failure = failureOf(error)
        return hasEnded(failure) ? { verdict: 'ended' } : failedOutcome(failure)
      }
    },

    async challenge (remote, code, pendingSid) {
      if (!isHere(remote) || !(pendingSid === null || isChallengeSid(pendingSid))) {
        return { verdict: 'unjudged', refusal: stray() }
      }
      try {
        const { challenges } = entity(remote.identity)
        const answer = pendingSid === null
          ? await challenges.create({ factorSid: remote.sid, authPayload: code })
          : await challenges(pendingSid).update({ authPayload: code })
        return verdict(remote, answerOf(answer), pendingSid)
      } catch (error) {
        return failedOutcome(failureOf(error))
      }
    },

    async remove (remote) {
      try {
        // Any other success is that of somebody in between: a page to log in, or to wait.
        const { statusCode } = answerOf(await factor(remote).removeWithHttpInfo())
        if (statusCode !== 204) throw unfit()
      } catch (error) {
        const failure = failureOf(error)
        if (!isGone(failure)) throw error instanceof TotpError ? error : new ProviderError(causeOf(failure))
      }
    },

    async fetch (remote) {
      if (!isHere(remote)) {
        throw new MalformedError('a factor at Twilio is named by an identity of 8 to 64 letters, digits and hyphens, ' +
          'and by YF and 32 hex digits')
      }
      const answer = await asked(fetchRefusal, async () => await factor(remote).fetch())
      if (!concerns(answer, remote, answer['sid'])) throw unfit()
      if (answer['status'] !== 'verified' || answer['factorType'] !== 'totp') {
        throw new MalformedError('the factor at Twilio is no verified TOTP factor')
      }
      const { friendlyName, dateCreated } = answer
      const createdAt = dateCreated instanceof Date ? Math.floor(dateCreated.getTime() / 1000) : NaN
      if (typeof friendlyName !== 'string' || !(createdAt >= 0 && createdAt <= MAX_SECONDS)) throw unfit()
      return { friendlyName, config: configOf(answer), createdAt }
    }
  }
}

/** Asks for what judges no code. */
async function asked (
  refusal: (failure: Failure) => TotpError | null, ask: () => Promise<unknown>
): Promise<Answer> {
  try {
    return answerOf(await ask())
  } catch (error) {
    if (error instanceof TotpError) throw error
    const failure = failureOf(error)
    throw refusal(failure) ?? new ProviderError(causeOf(failure))
  }
}

function stray (): ProviderError {
  return new ProviderError(new Error('a factor is named that can\'t be at this Verify service'))
}

function requireClient (client: TwilioClient): void {
  const services: unknown = client?.verify?.v2?.services
  if (typeof services !== 'function') {
    throw new InvalidOptionError('client', 'must be a client of the twilio package: twilio(accountSid, authToken)')
  }
  // A verification that is sent again is another attempt, at Twilio too.
  if ('httpClient' in client && Reflect.get(Object(client.httpClient), 'autoRetry') === true) {
    throw new InvalidOptionError('client', 'must be made without autoRetry')
  }
}
