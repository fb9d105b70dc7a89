import { isDeepStrictEqual } from 'node:util'
import { MAX_SECONDS } from '../entity/age.js'
import type { Remote } from '../entity/entity.js'
import {
  ConflictError, FactorLimitError, FactorNotFoundError, InvalidOptionError, LockedError,
  MalformedError, ProviderError, TotpError
} from '../errors.js'
import { decodeSecret, encodeSecret } from '../otp/secret.js'
import type { TotpConfig } from '../otp/totp.js'
import type { Outcome, RemoteProvider } from './provider.js'

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
    remove (): Promise<unknown>
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
    return remote.serviceSid === serviceSid && IDENTITY.test(remote.identity) && FACTOR_SID.test(remote.sid)
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
      const secret = given === undefined ? {} : { 'binding.secret': encodeSecret(decodeSecret(given)) }
      const answer = await asked(enrollmentRefusal, async () =>
        await entity(identity).newFactors.create({
          friendlyName,
          factorType: 'totp',
          ...secret,
          'config.alg': config.alg,
          'config.timeStep': config.timeStep,
          'config.skew': config.skew,
          'config.codeLength': config.codeLength
        }))
      const { sid } = answer
      const asAsked = answer['status'] === 'unverified' && isDeepStrictEqual(configOf(answer), config)
      if (!matches(sid, FACTOR_SID) || !asAsked) throw unfit()
      const remote = { serviceSid, identity, sid }
      if (!concerns(answer, remote, sid)) throw unfit()
      return { ...bindingOf(answer), config, remote }
    },

    async verify (remote, code) {
      if (!isHere(remote)) return { verdict: 'unjudged', refusal: stray() }
      try {
        return verification(remote, record(await factor(remote).update({ authPayload: code })))
      } catch (error) {
        const failure = failureOf(error)
        return isGone(failure) || isOneOf(ENDED, failure.code) ? { verdict: 'ended' } : failedOutcome(failure)
      }
    },

    async challenge (remote, code, pendingSid) {
      if (!isHere(remote)) return { verdict: 'unjudged', refusal: stray() }
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
        await factor(remote).remove()
      } catch (error) {
        const failure = failureOf(error)
        if (!isGone(failure)) throw error instanceof TotpError ? error : new ProviderError(causeOf(failure))
      }
    },

    async fetch (remote) {
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
 * Only `approved` opens, and only for what was asked; any word but it and `pending` is taken for no verdict.
 */
function verdict (remote: Remote, answer: Answer, pendingSid: string | null): Outcome {
  const { sid, status } = answer
  const asked = matches(sid, CHALLENGE_SID) && (pendingSid === null || sid === pendingSid) &&
    concerns(answer, remote, answer['factorSid'])
  if (!asked) return { verdict: 'unfit', refusal: unfit() }
  if (status === 'approved') return { verdict: 'approved' }
  return status === 'pending' ? { verdict: 'denied', challengeSid: sid } : { verdict: 'unfit', refusal: unfit() }
}

function verification (remote: Remote, answer: Answer): Outcome {
  const { sid, status } = answer
  if (!concerns(answer, remote, sid)) return { verdict: 'unfit', refusal: unfit() }
  if (status === 'verified') return { verdict: 'approved' }
  return status === 'unverified' ? { verdict: 'denied', challengeSid: null } : { verdict: 'unfit', refusal: unfit() }
}

function concerns (answer: Answer, remote: Remote, factorSid: unknown): boolean {
  return answer['serviceSid'] === remote.serviceSid &&
    answer['identity'] === remote.identity &&
    factorSid === remote.sid
}

function configOf ({ config }: Answer): TotpConfig {
  const { alg, code_length: codeLength, time_step: timeStep, skew } = record(config)
  if (alg !== 'sha1' && alg !== 'sha256' && alg !== 'sha512') throw unfit()
  if (typeof codeLength !== 'number' || typeof timeStep !== 'number' || typeof skew !== 'number') throw unfit()
  return { alg, codeLength, timeStep, skew }
}

function bindingOf ({ binding }: Answer): { secret: string, uri: string } {
  const { secret, uri } = record(binding)
  if (!matches(secret, /^[A-Z2-7]{16,256}=*$/) || !matches(uri, /^otpauth:\/\/totp\/[!-~]{1,2000}$/)) throw unfit()
  return { secret, uri }
}

/** What is known of a failure: never its message or anything else that was sent. */
interface Failure {
  /** HTTP status, or null when there was no answer. */
  readonly status: number | null
  /** Twilio's number, or a system's name for a broken connection. */
  readonly code: number | string | null
}

/** Wrong codes, in the words from before October 2021 that are documented still. */
const DENIED = [60311, 60324]
/** Connections that never came about. */
const UNSENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']
/** Refusals after which the code was surely not judged. Any other may be a new word for a wrong one. */
const UNJUDGED = [
  20001, 20003, 20403, 20404, 20429, 25109, 60200, 60204, 60300, 60306, 60308, 60312, 60318, 60326, 60328,
  60361, 60362, 60363, 60364, 60365, 60366, 60367, 60370, 60390, 60391, 60392
]
/** Challenges that take no more codes: one more request makes a new one. */
const CLOSED_CHALLENGE = [60322, 60323]
const GONE = [20404, 60390, 60391, 60392]
/** Unverified factors that no code verifies any more. */
const ENDED = [60310, 60383]
/** Seconds to wait where Twilio says that it is too much: 60312 counts by the hour, 60326 by the day. */
const PATIENCE: Readonly<Record<number, number>> = { 60312: 3600, 60326: 86_400 }

function failedOutcome (failure: Failure): Outcome {
  const { status, code } = failure
  if (isOneOf(DENIED, code)) return { verdict: 'denied', challengeSid: null }
  if (isOneOf(CLOSED_CHALLENGE, code)) return { verdict: 'unjudged', refusal: new ConflictError() }
  const refusal = status === 429 ? patience(code) : new ProviderError(causeOf(failure))
  const unjudged = status === null ? isOneOf(UNSENT, code) : isOneOf(UNJUDGED, code)
  return { verdict: unjudged ? 'unjudged' : 'unknown', refusal }
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

function enrollmentRefusal ({ status, code }: Failure): TotpError | null {
  if (code === 60315) return new FactorLimitError()
  if (code === 60317) return new MalformedError('secret belongs to a factor of this identity already')
  if (code === 60314) return new MalformedError('secret was refused by Twilio')
  return status === 429 ? patience(code) : null
}

function fetchRefusal (failure: Failure): TotpError | null {
  if (isGone(failure)) return new FactorNotFoundError()
  return failure.status === 429 ? patience(failure.code) : null
}

function patience (code: Failure['code']): LockedError {
  return new LockedError(typeof code === 'number' ? PATIENCE[code] ?? 1 : 1)
}

function isGone ({ status, code }: Failure): boolean {
  return status === 404 && isOneOf(GONE, code)
}

/** By what it looks like: some of the client's classes aren't exported, and one error is another's copy. */
function failureOf (error: unknown): Failure {
  if (!(error instanceof Error)) return { status: null, code: null }
  const { status, code }: Error & { status?: unknown, code?: unknown } = error
  return {
    status: typeof status === 'number' ? status : null,
    code: typeof code === 'number' || matches(code, /^E[A-Z_]{2,30}$/) ? code : null
  }
}

function causeOf ({ status, code }: Failure): Error {
  if (status === null) return new Error(`Twilio gave no answer that can be read${code === null ? '' : `: ${code}`}`)
  return new Error(`Twilio answered with HTTP ${status}${code === null ? '' : `, error ${code}`}`)
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

function isOneOf (codes: ReadonlyArray<number | string>, code: number | string | null): boolean {
  return code !== null && codes.includes(code)
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
