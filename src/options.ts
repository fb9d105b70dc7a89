import { secondsOf, systemClock, type Clock } from './time/clock.js'
import { MAX_FACTORS } from './entity/entity.js'
import type { AttemptLimits } from './entity/attempts.js'
import { isFriendlyName } from './entity/friendly-name.js'
import { InvalidOptionError } from './errors.js'
import type { EventListener } from './events.js'
import type { Requirement } from './guard.js'
import type { TotpConfig } from './otp/totp.js'
import type { TwilioProvider } from './providers/twilio.js'
import type { SessionPort } from './sessions/session.js'
import type { EntityStore } from './documents/store.js'

/** Options of the plugin. Wrong ones, and unknown ones, stop the boot with `ERR_TOTP_INVALID_OPTION`. */
export interface TotpOptions<Request = unknown, Reply = unknown> {
  /** The service as authenticator apps show it: 1 to 64 characters, no colon, no control characters. */
  readonly issuer: string
  /** Keys of 32 bytes each, all different. Secrets are sealed with the first; all of them open. */
  readonly keys: readonly Uint8Array[]
  /**
   * Keeps the entities: `memoryStore()`, `postgresStore({ client })`, `redisStore({ client })`, or your own.
   */
  readonly store: EntityStore
  /**
   * The immutable id of the user who is logged in; undefined, null or '' for nobody, who is answered with
   * 401. Any other type, and whatever it throws, is answered with 500: ids are never coerced.
   */
  readonly identify: (request: Request) => Identified | Promise<Identified>
  /**
   * Where a login session keeps its mark. @default `@fastify/session` or `@fastify/secure-session`, if
   * registered
   */
  readonly session?: SessionPort<Request, Reply>
  /**
   * The account name that apps show, unless the user gives one. @default the identity, or the issuer if that
   * can't be, or if Twilio would learn it
   */
  readonly friendlyName?: (request: Request) => string | Promise<string>
  /** Seconds that an approval lasts, 1 to 2592000. Routes may ask for less. @default 43200 */
  readonly maxAge?: number
  /**
   * Seconds that an approval is fresh enough to change factors, 1 to `maxAge`. @default 300, or `maxAge` if
   * less
   */
  readonly freshness?: number
  /** What wrong codes lead to. */
  readonly attempts?: {
    /** Wrong codes in a row that lock, 1 to 10; each further multiple locks for twice as long. @default 5 */
    readonly lockAfter?: number
    /** Seconds of the first lock, 30 to 3600. @default 30 */
    readonly lockFor?: number
    /** Wrong codes in a row that disable challenges, `lockAfter` to 100. @default 50 */
    readonly disableAfter?: number
  }
  /**
   * What new factors are made of; those that exist keep theirs. Many apps support nothing but the defaults.
   */
  readonly config?: {
    /** Hash under the HMAC. @default 'sha1' */
    readonly alg?: TotpConfig['alg']
    /** Digits of a code, 6 to 8. @default 6 */
    readonly codeLength?: number
    /** Seconds that a code is current, 15 to 120, with Twilio 20 to 60. @default 30 */
    readonly timeStep?: number
    /** Steps accepted on either side of the current one, 0 or 1. @default 1 */
    readonly skew?: number
  }
  /**
   * Makes new factors: `twilioProvider({ client, serviceSid })`. Factors are judged by the provider that made
   * them, so embedded ones go on working. @default the embedded provider
   */
  readonly provider?: TwilioProvider
  /** Providers that make no new factors, but judge those that they have made. @default none */
  readonly formerProviders?: readonly TwilioProvider[]
  /**
   * Whether users of a former provider should enroll anew: their challenges are answered with `enrollAnew`,
   * and a new factor that is verified takes the place of all those of other providers. @default false
   */
  readonly enrollAnew?: boolean
  /** Verified factors that one identity may have, 1 to 10. @default 5 */
  readonly maxFactors?: number
  /** Where the routes are. @default '/totp' */
  readonly prefix?: string
  /** Whether there are routes at all; without them, use `fastify.totp` in your own. @default true */
  readonly routes?: boolean
  /** Other origins whose pages may call the routes, as `https://app.example`. @default none */
  readonly trustedOrigins?: readonly string[]
  /** Seconds that one use of the store, or of the provider, may take, 1 to 60. @default 5 */
  readonly timeout?: number
  /** Says what time it is, in Unix seconds. @default the clock of this machine */
  readonly clock?: Clock
  /** Is told what happened. */
  readonly onEvent?: EventListener
}

/** What `identify` may return. */
export type Identified = string | null | undefined

/** The options with every default in its place. */
export type Settings<Request, Reply> =
  Required<Omit<TotpOptions<Request, Reply>, 'session' | 'friendlyName' | 'attempts' | 'config' | 'provider' | 'onEvent'>> &
  Pick<TotpOptions<Request, Reply>, 'session' | 'friendlyName' | 'provider' | 'onEvent'> &
  { readonly attempts: AttemptLimits, readonly config: TotpConfig }

/** The longest that an approval may be made to last, 30 days. */
const LONGEST_AGE = 30 * 24 * 3600
const ALGS: readonly string[] = ['sha1', 'sha256', 'sha512'] satisfies Array<TotpConfig['alg']>
const KNOWN = [
  'issuer', 'keys', 'store', 'identify', 'session', 'friendlyName', 'maxAge', 'freshness', 'attempts', 'config',
  'provider', 'formerProviders', 'enrollAnew', 'maxFactors', 'prefix', 'routes', 'trustedOrigins',
  'timeout', 'clock', 'onEvent', 'logLevel'
]

/**
 * Checks the options and fills in the defaults. Throws `InvalidOptionError` naming the first that is wrong.
 */
export function settingsOf<Request, Reply> (options: TotpOptions<Request, Reply>): Settings<Request, Reply> {
  onlyKnown('', options, KNOWN)
  const { lockAfter = 5, lockFor = 30, disableAfter = 50, ...otherAttempts } = object('attempts', options.attempts)
  const { alg = 'sha1', codeLength = 6, timeStep = 30, skew = 1, ...otherConfig } = object('config', options.config)
  const { maxAge = 43200, maxFactors = 5, timeout = 5 } = options
  const { formerProviders = [], enrollAnew = false } = options
  const { prefix = '/totp', routes = true, trustedOrigins = [], clock = systemClock } = options
  onlyKnown('attempts.', otherAttempts, [])
  onlyKnown('config.', otherConfig, [])

  must('issuer', isFriendlyName(options.issuer), 'must have 1 to 64 characters, without colon and control characters')
  must('keys', areKeys(options.keys),
    'must be a list of one or more different random keys of 32 bytes each, as randomBytes(32) makes them')
  must('store', hasFunctions(options.store, ['get', 'replace']), 'must be a store, with get and replace')
  must('identify', typeof options.identify === 'function', 'must be a function that returns the id of the user')
  must('session', options.session === undefined || hasFunctions(options.session, ['read', 'write']),
    'must have read and write')
  must('friendlyName', isFunctionOrAbsent(options.friendlyName), 'must be a function that returns an account name')
  integer('maxAge', maxAge, 1, LONGEST_AGE)
  const { freshness = Math.min(300, maxAge) } = options
  integer('freshness', freshness, 1, maxAge)
  integer('attempts.lockAfter', lockAfter, 1, 10)
  integer('attempts.lockFor', lockFor, 30, 3600)
  integer('attempts.disableAfter', disableAfter, lockAfter, 100)
  must('config.alg', ALGS.includes(alg), `must be one of ${ALGS.join(', ')}`)
  integer('config.codeLength', codeLength, 6, 8)
  integer('config.timeStep', timeStep, 15, 120)
  integer('config.skew', skew, 0, 1)
  must('provider', options.provider === undefined || isTwilioProvider(options.provider),
    'must be what twilioProvider() returns; the embedded provider is what there is without it')
  options.provider?.requireConfig({ alg, codeLength, timeStep, skew })
  must('formerProviders', Array.isArray(formerProviders) && formerProviders.every(isTwilioProvider),
    'must be a list of what twilioProvider() returns')
  const providers = [...(options.provider === undefined ? [] : [options.provider]), ...formerProviders]
  const services = new Set(providers.map(({ serviceSid }) => serviceSid.toLowerCase()))
  must('formerProviders', services.size === providers.length, 'must be of Verify services that all differ')
  must('enrollAnew', typeof enrollAnew === 'boolean', 'must be true or false')
  integer('maxFactors', maxFactors, 1, MAX_FACTORS)
  must('prefix', typeof prefix === 'string' && /^(?:\/(?!\.+(?:\/|$))[\w.~-]+)+$/.test(prefix), 'must be a path such as "/totp"')
  must('routes', typeof routes === 'boolean', 'must be true or false')
  must('trustedOrigins', Array.isArray(trustedOrigins) && trustedOrigins.every(isOrigin),
    'must be a list of origins such as "https://app.example"')
  must('timeout', typeof timeout === 'number' && timeout >= 1 && timeout <= 60, 'must be 1 to 60 seconds')
  must('clock', typeof clock === 'function', 'must be a function that returns Unix seconds')
  secondsOf(clock)
  must('onEvent', isFunctionOrAbsent(options.onEvent), 'must be a function')

  return {
    ...options,
    attempts: { lockAfter, lockFor, disableAfter },
    config: { alg, codeLength, timeStep, skew },
    maxAge,
    freshness,
    formerProviders,
    enrollAnew,
    maxFactors,
    prefix,
    routes,
    trustedOrigins,
    timeout,
    clock
  }
}

/** Checks what a route asks of those who pass, against the plugin's own `maxAge`. */
export function requirementOf (asked: Partial<Requirement>, longest: number): Requirement {
  onlyKnown('required.', asked, ['maxAge', 'unenrolled'])
  const { maxAge = longest, unenrolled = 'deny' } = asked
  integer('required.maxAge', maxAge, 1, longest)
  must('required.unenrolled', unenrolled === 'deny' || unenrolled === 'allow', 'must be "deny" or "allow"')
  return { maxAge, unenrolled }
}

/** True for one or more different keys of 32 bytes each. */
export function areKeys (keys: unknown): boolean {
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isKey)) return false
  return new Set(keys.map(key => Buffer.from(key).toString('hex'))).size === keys.length
}

function isKey (key: unknown): key is Uint8Array {
  return key instanceof Uint8Array && key.length === 32 && key.some(byte => byte !== key[0])
}

/** Throws `InvalidOptionError` unless what is expected of the option holds. */
export function must (option: string, holds: boolean, expected: string): void {
  if (!holds) throw new InvalidOptionError(option, expected)
}

function integer (option: string, value: unknown, least: number, most: number): void {
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
  must(option, fits, `must be an integer from ${least} to ${most}`)
}

/** Throws `InvalidOptionError` for the first option that nobody knows. */
export function onlyKnown (path: string, options: object, known: readonly string[]): void {
  must(path.slice(0, -1) || 'options', isPlain(options), 'must be an object')
  for (const name of Object.keys(options)) must(path + name, known.includes(name), 'is unknown')
}

function object<T extends object> (option: string, value: T | undefined): Partial<T> {
  must(option, value === undefined || isPlain(value), 'must be an object')
  return value ?? {}
}

function isPlain (value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Object]'
}

function isFunctionOrAbsent (value: unknown): boolean {
  return value === undefined || typeof value === 'function'
}

/** True for an object that has functions of these names. */
export function hasFunctions (value: unknown, names: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && names.every(name => typeof Reflect.get(value, name) === 'function')
}

function isTwilioProvider (value: unknown): value is TwilioProvider {
  return hasFunctions(value, ['requireConfig', 'bind', 'verify', 'challenge', 'remove', 'fetch'])
}

/** True for an origin in the one spelling that browsers send. */
export function isOrigin (text: unknown): boolean {
  return typeof text === 'string' && /^https?:[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text
}
