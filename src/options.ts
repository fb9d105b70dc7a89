import { secondsOf, systemClock, type Clock } from './time/clock.js'
import { MAX_FACTORS, MAX_RECOVERY_CODES } from './entity/entity.js'
import type { AttemptLimits } from './entity/attempts.js'
import { LONGEST_REMEMBERED } from './entity/browsers.js'
import { CONFIG_RULES as CONFIG } from './entity/config.js'
import { FRIENDLY_NAME_RULE, isFriendlyName } from './entity/friendly-name.js'
import type { EventListener } from './events.js'
import {
  byDefault, checkOptions, FLAG, functionThat, group, hasFunctions, integer, isAppOrigin, isOrigin, KEYS,
  must, objectWith, required, TIMEOUT, type OptionRules
} from './option-checks.js'
import type { Words } from './pages/words/words.js'
import type { TotpConfig } from './otp/totp.js'
import { ownOnly, ownValue } from './own-property.js'
import type { TwilioProvider } from './providers/twilio.js'
import type { SessionPort } from './sessions/session.js'
import type { EntityStore } from './documents/store.js'

export { requirementOf, routeRequirementOf, type RouteRequirement } from './guard.js'

/** Options of the plugin. A wrong or unknown option stops the boot with `ERR_TOTP_INVALID_OPTION`. */
export interface TotpOptions<Request = unknown, Reply = unknown> {
  /**
   * The service's name in authenticator apps: 1 to 64 characters, no colon, no control characters, not
   * invisible.
   */
  readonly issuer: string
  /** Distinct keys of 32 bytes each. The first seals secrets; every key opens what it sealed. */
  readonly keys: readonly Uint8Array[]
  /**
   * Where entities are kept: `memoryStore()`, `postgresStore({ client })`, `redisStore({ client })`, or a
   * store of your own.
   */
  readonly store: EntityStore
  /**
   * Returns the immutable id of the user who is logged in. Undefined, null or '' mean that no user is, and so
   * does an error with `statusCode` or `status` 401: the answer is 401. Any other type, and any other error,
   * is answered with 500: ids are never coerced.
   */
  readonly identify: (request: Request) => Identified | Promise<Identified>
  /**
   * Where a login session keeps its mark.
   * @default `@fastify/session` or `@fastify/secure-session`, whichever is registered
   */
  readonly session?: SessionPort<Request, Reply>
  /**
   * Returns the account name that apps show, such as the user's mail address. One that doesn't fit is
   * shortened, and characters that apps can't show are replaced; undefined, null and '' mean the default.
   * @default the identity; the issuer if the identity can't be shown, or if Twilio would learn it
   */
  readonly friendlyName?: (request: Request) => AccountName | Promise<AccountName>
  /** Seconds that an approval lasts, 1 to 2592000. A route may require less. @default 43200 */
  readonly maxAge?: number
  /**
   * Seconds that an approval is fresh enough to change factors, 1 to `maxAge`.
   * @default 300, or `maxAge` if that is less
   */
  readonly freshness?: number
  /** Limits on wrong codes. */
  readonly attempts?: {
    /** Wrong codes in a row that start a lock, 1 to 10; each further multiple doubles the lock. @default 5 */
    readonly lockAfter?: number
    /** Seconds of the first lock, 30 to 3600. @default 30 */
    readonly lockFor?: number
    /** Wrong codes in a row that disable challenges, `lockAfter` to 100. @default 50 */
    readonly disableAfter?: number
  }
  /**
   * Parameters of new factors; existing factors keep theirs. Many apps support only the defaults.
   */
  readonly config?: {
    /** Hash function of the HMAC. @default 'sha1' */
    readonly alg?: TotpConfig['alg']
    /** Digits of a code, 6 to 8. @default 6 */
    readonly codeLength?: number
    /** Seconds that a code is current, 15 to 120, with Twilio 20 to 60. @default 30 */
    readonly timeStep?: number
    /** Steps accepted on either side of the current one, 0 or 1. @default 1 */
    readonly skew?: number
  }
  /**
   * Creates new factors: `twilioProvider({ client, serviceSid })`. The provider that created a factor judges
   * its codes, so existing embedded factors keep working. @default the embedded provider
   */
  readonly provider?: TwilioProvider
  /** Providers that create no new factors, but still judge codes of those they created. @default none */
  readonly formerProviders?: readonly TwilioProvider[]
  /**
   * Whether users of a former provider should enroll again. Their approved challenges say `reenroll: true`,
   * and their next verified factor replaces all factors of other providers. @default false
   */
  readonly reenroll?: boolean
  /**
   * Recovery codes that a user gets with the first verified factor, 0 to 16. With 0 there are none, and those
   * that are stored are refused. @default 10
   */
  readonly recoveryCodes?: number
  /**
   * Lets a browser skip challenges for a while after it answered one: it then passes guards without `maxAge`.
   * @default off
   */
  readonly remember?: RememberOptions
  /**
   * How codes of apps authenticate, in the claim `amr` of tokens (RFC 8176). Add 'mfa', and the method of the
   * login, only if every login has another factor. @default ['otp']
   */
  readonly amr?: readonly string[]
  /**
   * The authentication context class of a login with a code of an app: in the claim `acr` of tokens, and as
   * `acr_values` for clients whose bearer token isn't enough (RFC 9470). @default none
   */
  readonly acr?: string
  /** Verified factors that one identity may have, 1 to 10. @default 5 */
  readonly maxFactors?: number
  /**
   * Tells apart two instances of the plugin that share login sessions: a letter, and up to 31 more letters
   * and digits. The session keeps the mark in the entry `<name>Mark`, and a remembered browser its tokens in
   * the cookie `__Host-<name>-browser`. @default 'totp'
   */
  readonly name?: string
  /** Path under which the routes are mounted. @default '/totp' */
  readonly prefix?: string
  /** Whether to add the routes; without them, use `fastify.totp` in routes of your own. @default true */
  readonly routes?: boolean
  /**
   * Pages for everything that users do, in HTML, below `prefix` beside the routes. With them, guards lead a
   * browser to the page that its user needs, and back. Needs login sessions in a browser. @default no pages
   */
  readonly pages?: PagesOptions
  /**
   * Other origins whose pages may call the routes, such as `https://app.example` or `capacitor://localhost`.
   * @default none
   */
  readonly trustedOrigins?: readonly string[]
  /**
   * Seconds that one use of the store, the session, a function of the host or the provider may take, 1 to 60.
   * @default 5
   */
  readonly timeout?: number
  /** Returns the time in Unix seconds. @default the machine's clock */
  readonly clock?: Clock
  /**
   * Returns what events say about a request, such as its id and ip. It is called when the request arrives and
   * must return at once. If it throws, that is logged, and the events say null. @default null
   */
  readonly context?: (request: Request) => unknown
  /** Called with each event, after it was recorded. */
  readonly onEvent?: EventListener
}

/** Options of remembered browsers. */
export interface RememberOptions {
  /** Seconds that a browser is remembered after its challenge, 1 to 7776000, which is 90 days. */
  readonly for: number
  /**
   * Whether the cookie may travel over plain HTTP, where others can read and copy it: for development alone.
   * @default false
   */
  readonly insecure?: boolean
}

/** Options of the pages. */
export interface PagesOptions {
  /** Whose pages they are. */
  readonly brand: {
    /** The service's name: 1 to 64 characters. */
    readonly name: string
    /** A picture in place of the name: a path of this site, or a data URI of an image. @default none */
    readonly logo?: string
    /**
     * The color of buttons and links, such as '#0a5cd6'. Links are made darker or lighter where they would be
     * hard to read. @default a blue
     */
    readonly accent?: string
    /** A style sheet that changes the custom properties of ours: a path of this site. @default none */
    readonly style?: string
  }
  /**
   * The languages of the pages by their tags; the first one is the default.
   * @default English, German, Spanish and French
   */
  readonly languages?: Readonly<Record<string, Words>>
  /** The path of this site that pages lead to when there is nothing to go back to. @default '/' */
  readonly home?: string
  /**
   * The path of the pages as browsers see it, where a proxy or a mounted app takes a part of the path away.
   * @default the path that the pages have on this server
   */
  readonly at?: string
  /**
   * Whether the pages' cookies, such as that of a new secret, may travel over plain HTTP: for development
   * alone. @default false
   */
  readonly insecure?: boolean
}

/** What `identify` may return. */
export type Identified = string | null | undefined

/** What `friendlyName` may return. */
export type AccountName = string | null | undefined

/** The options with their defaults. */
export type Settings<Request, Reply> =
  Required<Omit<TotpOptions<Request, Reply>, NotDefaulted | 'attempts' | 'config'>> &
  { readonly [Name in NotDefaulted]: TotpOptions<Request, Reply>[Name] | undefined } &
  { readonly attempts: AttemptLimits, readonly config: TotpConfig }

/** Options that are undefined unless they are given. */
type NotDefaulted =
  'session' | 'friendlyName' | 'provider' | 'remember' | 'acr' | 'pages' | 'context' | 'onEvent'

/** The longest that an approval may last: 30 days. */
export const LONGEST_AGE = 30 * 24 * 3600

const ATTEMPTS = {
  lockAfter: byDefault(5, integer(1, 10)),
  lockFor: byDefault(30, integer(30, 3600)),
  disableAfter: byDefault(50, integer(1, 100))
}

const REMEMBER = {
  for: required(integer(1, LONGEST_REMEMBERED)),
  insecure: byDefault(false, FLAG)
}

const PATH = {
  isValid: isPath,
  expected: 'must be a path of this site, such as "/account"'
}

const PAGES = {
  brand: required(group({
    name: required({ isValid: isFriendlyName, expected: `must have ${FRIENDLY_NAME_RULE}` }),
    logo: {
      isValid: logo => isPath(logo) || (typeof logo === 'string' && /^data:image\/[\w.+-]+[;,][!-~]*$/.test(logo)),
      expected: 'must be a path of this site, or a data URI of an image'
    },
    accent: {
      isValid: color => typeof color === 'string' && /^#[0-9a-f]{6}$/i.test(color),
      expected: 'must be a color such as "#0a5cd6"'
    },
    style: PATH
  })),
  languages: {
    isValid: isLanguages,
    expected: 'must be an object of one or more tables of words by language tags, such as { en }'
  },
  home: PATH,
  at: { isValid: isMountPath, expected: 'must be a path such as "/app/totp"' },
  insecure: FLAG
}

/** The options of every server: how each is checked, and its default. */
const COMMON_OPTIONS = {
  issuer: required({ isValid: isFriendlyName, expected: `must have ${FRIENDLY_NAME_RULE}` }),
  keys: required(KEYS),
  store: required(objectWith(['get', 'replace'], 'must be a store, with get and replace')),
  identify: required(functionThat('returns the id of the user')),
  session: objectWith(['read', 'write'], 'must have read and write'),
  friendlyName: functionThat('returns an account name'),
  maxAge: byDefault(43200, integer(1, LONGEST_AGE)),
  freshness: byDefault(300, integer(1, LONGEST_AGE)),
  attempts: group(ATTEMPTS),
  config: group(CONFIG),
  provider: {
    isValid: isTwilioProvider,
    expected: 'must be what twilioProvider() returns; leave it out for the embedded provider'
  },
  formerProviders: byDefault<readonly TwilioProvider[]>([], {
    isValid: providers => Array.isArray(providers) && providers.every(isTwilioProvider),
    expected: 'must be a list of what twilioProvider() returns'
  }),
  reenroll: byDefault(false, FLAG),
  recoveryCodes: byDefault(10, integer(0, MAX_RECOVERY_CODES)),
  remember: group(REMEMBER),
  amr: byDefault<readonly string[]>(['otp'], {
    isValid: amr => Array.isArray(amr) && amr.length > 0 && amr.length <= 8 && amr.every(isClaimValue),
    expected: 'must be a list of one to eight values such as "otp"'
  }),
  acr: {
    isValid: isClaimValue,
    expected: 'must have 1 to 128 visible ASCII characters, without blanks, quotes and backslashes'
  },
  maxFactors: byDefault(5, integer(1, MAX_FACTORS)),
  name: byDefault('totp', {
    isValid: name => typeof name === 'string' && /^[A-Za-z][A-Za-z0-9]{0,31}$/.test(name),
    expected: 'must be a letter, and up to 31 more letters and digits'
  }),
  prefix: byDefault('/totp', { isValid: isMountPath, expected: 'must be a path such as "/totp"' }),
  pages: group(PAGES),
  trustedOrigins: byDefault<readonly string[]>([], {
    isValid: origins =>
      Array.isArray(origins) && origins.every(origin => isOrigin(origin) || isAppOrigin(origin)),
    expected: 'must be a list of origins such as "https://app.example" or "capacitor://localhost"'
  }),
  timeout: byDefault(5, TIMEOUT),
  clock: byDefault(systemClock, functionThat('returns Unix seconds')),
  context: functionThat('returns what events say about a request'),
  onEvent: functionThat('is told what happened')
} satisfies OptionRules

/** The options on Fastify. */
export const OPTIONS = {
  ...COMMON_OPTIONS,
  routes: byDefault(true, FLAG),
  /** Fastify's own. */
  logLevel: { isValid: () => true, expected: '' }
} satisfies OptionRules

/** The options on Express, Connect and other servers that speak `(req, res, next)`. */
export const CONNECT_OPTIONS = {
  ...COMMON_OPTIONS,
  onRefused: functionThat('answers a request that a guard refuses'),
  log: functionThat('is told of errors')
} satisfies OptionRules

/**
 * Checks the options and fills in the defaults. Throws `InvalidOptionError` naming the first that is wrong.
 */
export function settingsOf<Request, Reply> (
  given: TotpOptions<Request, Reply>, rules: OptionRules = OPTIONS
): Settings<Request, Reply> {
  checkOptions(given, rules)
  const options = ownOnly(given)
  const { provider, formerProviders = OPTIONS.formerProviders.default } = options
  const { maxAge = OPTIONS.maxAge.default, clock = OPTIONS.clock.default } = options
  const { freshness = Math.min(OPTIONS.freshness.default, maxAge) } = options
  const attempts = attemptsOf(options.attempts)
  const config = configOf(options.config)

  must('freshness', freshness <= maxAge, `must be at most maxAge, ${maxAge}`)
  must('attempts.disableAfter', attempts.disableAfter >= attempts.lockAfter,
    `must be at least attempts.lockAfter, ${attempts.lockAfter}`)
  const { remember: rememberGiven, pages: pagesGiven, session } = options
  const remember = rememberGiven && ownOnly(rememberGiven)
  const pages = pagesGiven && ownOnly({ ...pagesGiven, brand: ownOnly(pagesGiven.brand) })
  must('remember', remember === undefined || session === undefined || ownValue(session, 'cookies') !== false,
    'needs login sessions in a browser: the session port says that its requests have no cookies')
  must('pages', pages === undefined || session === undefined || ownValue(session, 'cookies') !== false,
    'need login sessions in a browser: the session port says that its requests have no cookies')
  provider?.requireConfig(config)
  const providers = [...(provider === undefined ? [] : [provider]), ...formerProviders]
  const services = new Set(providers.map(({ serviceSid }) => serviceSid.toLowerCase()))
  must('formerProviders', services.size === providers.length, 'must be of Verify services that all differ')
  secondsOf(clock)

  const { reenroll = OPTIONS.reenroll.default, maxFactors = OPTIONS.maxFactors.default } = options
  const { amr = OPTIONS.amr.default } = options
  const { name = OPTIONS.name.default, recoveryCodes = OPTIONS.recoveryCodes.default } = options
  const { prefix = OPTIONS.prefix.default, routes = OPTIONS.routes.default } = options
  const { trustedOrigins = OPTIONS.trustedOrigins.default, timeout = OPTIONS.timeout.default } = options
  return {
    // Present even where they aren't given, so that a copy of the settings inherits none of them.
    session: undefined,
    friendlyName: undefined,
    acr: undefined,
    context: undefined,
    onEvent: undefined,
    ...options,
    pages,
    provider,
    maxAge,
    freshness,
    attempts,
    config,
    formerProviders,
    reenroll,
    recoveryCodes,
    remember,
    amr,
    maxFactors,
    name,
    prefix,
    routes,
    trustedOrigins,
    timeout,
    clock
  }
}

function attemptsOf (given: TotpOptions['attempts'] = {}): AttemptLimits {
  const own = ownOnly(given)
  const { lockAfter = ATTEMPTS.lockAfter.default, lockFor = ATTEMPTS.lockFor.default } = own
  const { disableAfter = ATTEMPTS.disableAfter.default } = own
  return { lockAfter, lockFor, disableAfter }
}

function configOf (given: TotpOptions['config'] = {}): TotpConfig {
  const own = ownOnly(given)
  const { alg = CONFIG.alg.default, codeLength = CONFIG.codeLength.default } = own
  const { timeStep = CONFIG.timeStep.default, skew = CONFIG.skew.default } = own
  return { alg, codeLength, timeStep, skew }
}

/** True for a path that something can be mounted at. */
export function isMountPath (path: unknown): boolean {
  return typeof path === 'string' && /^(?:\/(?!\.+(?:\/|$))[\w.~-]+)+$/.test(path)
}

/** True for a path and query in visible ASCII. Browsers read `//host` and `/\host` as another site. */
function isPath (path: unknown): boolean {
  return typeof path === 'string' && /^\/(?![/\\])[!-~]{0,2047}$/.test(path)
}

/** The tables are checked by their type; what a table lacks is in English. */
function isLanguages (languages: unknown): boolean {
  return typeof languages === 'object' && languages !== null && Object.keys(languages).length > 0 &&
    Object.entries(languages).every(([tag, words]) =>
      isLanguageTag(tag) && typeof words === 'object' && words !== null)
}

function isLanguageTag (tag: string): boolean {
  return /^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/i.test(tag)
}

/** True for a value that fits a claim, and the quoted string of a header. */
function isClaimValue (value: unknown): boolean {
  return typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(value)
}

function isTwilioProvider (value: unknown): value is TwilioProvider {
  return hasFunctions(value, ['requireConfig', 'bind', 'verify', 'challenge', 'remove', 'removeEntity', 'fetch'])
}
