import { isDeepStrictEqual } from 'node:util'
import { MAX_SECONDS } from '../entity/age.js'
import type { Remote } from '../entity/entity.js'
import { InvalidOptionError, MalformedError, ProviderError, TotpError } from '../errors.js'
import { decodeSecret, encodeSecret } from '../otp/secret.js'
import type { TotpConfig } from '../otp/totp.js'
import type { Outcome, RemoteProvider } from './provider.js'
import {
  causeOf, enrollmentRefusal, failedOutcome, failureOf, fetchRefusal, hasEnded, isGone, type Failure
} from './twilio-failure.js'

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
  if (!matches(serviceSid, SERVICE_SID)) throw new InvalidOptionError('serviceSid', 'must be VA and 32 hex digits')

  const entity = (identity: string) => client.verify.v2.services(serviceSid).entities(identity)

  /** The client encodes nothing that becomes part of a path, so nothing else than names may reach it. */
  function isHere (remote: Remote): boolean {
    const { identity, sid } = remote
    return remote.serviceSid === serviceSid && matches(identity, IDENTITY) && matches(sid, FACTOR_SID)
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
      if (!matches(identity, IDENTITY)) throw stray()
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
      if (!matches(sid, FACTOR_SID) || !asAsked) throw unfit()
      const remote = { serviceSid, identity, sid }
      if (!concerns(answer, remote, sid)) throw unfit()
      return { ...bindingOf(answer, own), config, remote }
    },

    async verify (remote, code) {
      if (!isHere(remote)) return { verdict: 'unjudged', refusal: stray() }
      try {
        return verification(remote, record(await factor(remote).update({ authPayload: code })))
      } catch (error) {
        const failure = failureOf(error)
        return hasEnded(failure) ? { verdict: 'ended' } : failedOutcome(failure)
      }
    },

    async challenge (remote, code, pendingSid) {
      if (!isHere(remote) || !(pendingSid === null || matches(pendingSid, CHALLENGE_SID))) {
        return { verdict: 'unjudged', refusal: stray() }
      }
      try {
        const { challenges } = entity(remote.identity)
        const answer = pendingSid === null
          ? await challenges.create({ factorSid: remote.sid, authPayload: code })
          : await challenges(pendingSid).update({ authPayload: code })
        return verdict(remote, record(answer), pendingSid)
      } catch (error) {
        return failedOutcome(failureOf(error))
      }
    },

    async remove (remote) {
      try {
        // Any other success is that of somebody in between: a page to log in, or to wait.
        const { statusCode } = record(await factor(remote).removeWithHttpInfo())
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

const SERVICE_SID = /^VA[0-9a-fA-F]{32}$/
const FACTOR_SID = /^YF[0-9a-fA-F]{32}$/
const CHALLENGE_SID = /^YC[0-9a-fA-F]{32}$/
const IDENTITY = /^[A-Za-z0-9-]{8,64}$/

type Answer = Readonly<Record<string, unknown>>

/**
 * Only `approved` opens, and only for what was asked; other words than Twilio's for a wrong code are no
 * verdict.
 */
function verdict (remote: Remote, answer: Answer, pendingSid: string | null): Outcome {
  const { sid, status } = answer
  const asked = matches(sid, CHALLENGE_SID) && (pendingSid === null || sid === pendingSid) &&
    concerns(answer, remote, answer['factorSid'])
  if (!asked) return { verdict: 'unfit', refusal: unfit() }
  if (status === 'approved') return { verdict: 'approved' }
  if (status === 'pending') return { verdict: 'denied', challengeSid: sid }
  return status === 'denied' ? { verdict: 'denied', challengeSid: null } : { verdict: 'unfit', refusal: unfit() }
}

function verification (remote: Remote, answer: Answer): Outcome {
  const { sid, status } = answer
  if (!concerns(answer, remote, sid)) return { verdict: 'unfit', refusal: unfit() }
  if (status === 'verified') return { verdict: 'approved' }
  return status === 'unverified' ? { verdict: 'denied', challengeSid: null } : { verdict: 'unfit', refusal: unfit() }
}

/** Identities have no case at Twilio, and not every answer may have the spelling that was sent. */
function concerns (answer: Answer, remote: Remote, factorSid: unknown): boolean {
  const { serviceSid, identity } = answer
  return serviceSid === remote.serviceSid && factorSid === remote.sid &&
    typeof identity === 'string' && identity.toLowerCase() === remote.identity.toLowerCase()
}

function configOf ({ config }: Answer): TotpConfig {
  const { alg, code_length: codeLength, time_step: timeStep, skew } = record(config)
  if (alg !== 'sha1' && alg !== 'sha256' && alg !== 'sha512') throw unfit()
  if (typeof codeLength !== 'number' || typeof timeStep !== 'number' || typeof skew !== 'number') throw unfit()
  return { alg, codeLength, timeStep, skew }
}

/** What is typed and what is scanned have to be one secret, and the one that was given, if one was. */
function bindingOf ({ binding }: Answer, own: string | undefined): { secret: string, uri: string } {
  const { secret, uri } = record(binding)
  if (!matches(secret, /^[A-Z2-7]{16,256}={0,6}$/) || !matches(uri, /^otpauth:\/\/totp\/[!-~]{1,2000}$/)) throw unfit()
  const scanned = new URL(uri).searchParams.get('secret')
  const digits = secret.replace(/={1,6}$/, '')
  if (scanned?.replace(/={1,6}$/, '') !== digits || (own ?? digits) !== digits) throw unfit()
  return { secret, uri }
}

/** Asks for what judges no code. */
async function asked (
  refusal: (failure: Failure) => TotpError | null, ask: () => Promise<unknown>
): Promise<Answer> {
  try {
    return record(await ask())
  } catch (error) {
    if (error instanceof TotpError) throw error
    const failure = failureOf(error)
    throw refusal(failure) ?? new ProviderError(causeOf(failure))
  }
}

function unfit (): ProviderError {
  return new ProviderError(new Error('Twilio answered with what it was not asked about'))
}

function stray (): ProviderError {
  return new ProviderError(new Error('a factor is named that can\'t be at this Verify service'))
}

function record (value: unknown): Answer {
  if (typeof value !== 'object' || value === null) throw unfit()
  return Object.fromEntries(Object.entries(value))
}

function matches (value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
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
