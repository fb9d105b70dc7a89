import type { RegisterOptions } from 'fastify'
import { secondsOf, systemClock, type Clock } from '../time/clock.js'
import { areKeys, hasFunctions, isOrigin, must, onlyKnown } from '../option-checks.js'
import type { Store } from '../documents/store.js'
import { ownOnly, ownValue } from '../own-property.js'
import type { VerifyDocument } from './records/documents.js'

/** Further credentials of the account. */
export interface ApiKey {
  /** `SK` and 32 hex digits. */
  readonly sid: string
  /** 32 characters or more. */
  readonly secret: string
}

/** Options of the stand-in. An invalid or unknown one stops the boot with `ERR_TOTP_INVALID_OPTION`. */
export interface VerifyApiOptions extends Pick<RegisterOptions, 'prefix' | 'logLevel' | 'logSerializers'> {
  /** Keeps services and entities: `memoryStore<VerifyDocument>()`, `postgresStore<VerifyDocument>(…)`, … */
  readonly store: Required<Store<VerifyDocument>>
  /** Keys of 32 bytes each, all different. The first one seals secrets; all of them open secrets. */
  readonly keys: readonly Uint8Array[]
  /** The only account: `AC` and 32 hex digits. */
  readonly accountSid: string
  /** The password of the account, 32 characters or more. */
  readonly authToken: string
  /** API keys that clients may use instead of the auth token. @default none */
  readonly apiKeys?: readonly ApiKey[]
  /**
   * Origin of the URLs in answers, such as `https://verify.example`. @default scheme and host of the request
   */
  readonly baseUrl?: string
  /** Returns the time in Unix seconds. @default the clock of this machine */
  readonly clock?: Clock
  /** Seconds after which a request stops waiting for the store, 1 to 60. @default 5 */
  readonly timeout?: number
}

/** The options, defaults filled in. */
export interface VerifyApiSettings
  extends Required<Omit<VerifyApiOptions, 'baseUrl' | 'prefix' | 'logLevel' | 'logSerializers'>> {
  readonly baseUrl: string | null
}

const MIN_PASSWORD_LENGTH = 32
const KNOWN = [
  'store', 'keys', 'accountSid', 'authToken', 'apiKeys', 'baseUrl', 'clock', 'timeout',
  'prefix', 'logLevel', 'logSerializers'
]

/**
 * Checks the options and fills in the defaults. Throws `InvalidOptionError`, which names the first invalid
 * one.
 */
export function verifyApiSettingsOf (options: VerifyApiOptions): VerifyApiSettings {
  onlyKnown('', options, KNOWN)
  const { store, keys, accountSid, authToken, apiKeys = [] } = ownOnly(options)
  const { baseUrl, clock = systemClock, timeout = 5 } = ownOnly(options)
  must('store', hasFunctions(store, ['get', 'replace', 'list']), 'must be a store, with get, replace and list')
  must('keys', areKeys(keys),
    'must be a list of one or more different random keys of 32 bytes each, such as randomBytes(32) returns')
  must('accountSid', isSid('AC', accountSid), 'must be AC and 32 hex digits')
  must('authToken', isPassword(authToken),
    `must have ${MIN_PASSWORD_LENGTH} characters or more: nothing else protects the factors`)
  must('apiKeys', Array.isArray(apiKeys) && apiKeys.every(isApiKey),
    `must be a list of { sid, secret }: SK and 32 hex digits, ${MIN_PASSWORD_LENGTH} characters or more`)
  must('baseUrl', baseUrl === undefined || isOrigin(baseUrl), 'must be an origin such as "https://verify.example"')
  must('timeout', typeof timeout === 'number' && timeout >= 1 && timeout <= 60, 'must be 1 to 60 seconds')
  must('clock', typeof clock === 'function', 'must be a function that returns Unix seconds')
  secondsOf(clock)
  return { store, keys, accountSid, authToken, apiKeys, baseUrl: baseUrl ?? null, clock, timeout }
}

function isApiKey (key: unknown): boolean {
  return typeof key === 'object' && key !== null &&
    isSid('SK', ownValue(key, 'sid')) && isPassword(ownValue(key, 'secret'))
}

function isPassword (text: unknown): boolean {
  return typeof text === 'string' && text.length >= MIN_PASSWORD_LENGTH && text.isWellFormed()
}

function isSid (kind: 'AC' | 'SK', text: unknown): boolean {
  return typeof text === 'string' && new RegExp(`^${kind}[0-9a-fA-F]{32}$`).test(text)
}
