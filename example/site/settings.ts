import { isTotpError, keysFrom } from 'fastify-verify-totp'
import { StartError } from './start-error.js'

/** The settings in the environment. */
export interface Settings {
  readonly host: string
  readonly port: number
  /** Folder of the embedded database, and of the keys that the first start creates. */
  readonly dataDir: string
  /** PostgreSQL instead of the embedded database. */
  readonly databaseUrl: string | null
  /** Redis instead of the embedded database. */
  readonly redisUrl: string | null
  /** Signs the session cookies; null if `dataDir` has it. */
  readonly sessionSecret: string | null
  /** Seal the secrets of the factors; null if `dataDir` has them. */
  readonly totpKeys: readonly Uint8Array[] | null
  /** Twilio Verify instead of the embedded provider. */
  readonly twilio: TwilioSettings | null
  /** Seconds that users may have their browser remembered; null turns that off. */
  readonly remember: number | null
  /**
   * Seconds by which the clock of the second factor is ahead of this machine's. It doesn't affect Twilio,
   * which judges codes by its own clock.
   */
  readonly clockOffset: number
  /** Seconds after which a request to the database fails. */
  readonly timeout: number
  readonly logLevel: string
}

/** The service of Twilio Verify that keeps the factors, and its credentials. */
export interface TwilioSettings {
  readonly accountSid: string
  readonly authToken: string
  readonly serviceSid: string
  /** The URL of a stand-in for Verify; null for Twilio itself. */
  readonly baseUrl: string | null
}

type Environment = Readonly<Record<string, string | undefined>>

const TWILIO = ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_VERIFY_SERVICE_SID'] as const
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
/** 90 days. */
const MOST_REMEMBERED = 7_776_000
const LONGEST_TIMEOUT = 60
/** The session plugin requires this length. */
const SECRET_LENGTH = 32

/**
 * Reads the environment. An empty variable counts as absent, except for the keys and the session secret: an
 * empty one is a mistake, not a wish for new keys.
 */
export function readSettings (env: Environment): Settings {
  must(!env['DATABASE_URL'] || !env['REDIS_URL'], 'set DATABASE_URL or REDIS_URL, not both')
  return {
    host: env['HOST'] || '127.0.0.1',
    port: parsePort(env['PORT'] || '3000'),
    dataDir: env['DATA_DIR'] || '.data',
    databaseUrl: env['DATABASE_URL'] ? parseDatabaseUrl(env['DATABASE_URL']) : null,
    redisUrl: env['REDIS_URL'] ? parseRedisUrl(env['REDIS_URL']) : null,
    sessionSecret: env['SESSION_SECRET'] === undefined ? null : parseSessionSecret(env['SESSION_SECRET'], 'SESSION_SECRET'),
    totpKeys: env['TOTP_KEYS'] === undefined ? null : parseTotpKeys(env['TOTP_KEYS'], 'TOTP_KEYS'),
    twilio: readTwilioSettings(env),
    remember: env['REMEMBER'] ? parseRemember(env['REMEMBER']) : null,
    clockOffset: parseClockOffset(env['CLOCK_OFFSET'] || '0'),
    timeout: parseTimeout(env['TIMEOUT'] || '5'),
    logLevel: parseLogLevel(env['LOG_LEVEL'] || 'warn')
  }
}

/** Errors name `source`, the variable or file that has the text. */
export function parseSessionSecret (text: string, source: string): string {
  must(text.length >= SECRET_LENGTH, `${source} must have ${SECRET_LENGTH} characters or more`)
  return text
}

/** Errors name `source`, the variable or file that has the text. */
export function parseTotpKeys (text: string, source: string): readonly Uint8Array[] {
  try {
    return keysFrom(text)
  } catch (error) {
    throw isTotpError(error) ? new StartError(error.message.replace(/^.*option "keys"/, source)) : error
  }
}

function parsePort (text: string): number {
  must(/^[0-9]{1,5}$/.test(text) && Number(text) <= 65535, 'PORT must be an integer from 0 to 65535')
  return Number(text)
}

function parseDatabaseUrl (text: string): string {
  const fits = URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol)
  must(fits, 'DATABASE_URL must be a URL such as postgres://user@host/database')
  return text
}

function parseRedisUrl (text: string): string {
  const fits = URL.canParse(text) && ['redis:', 'rediss:'].includes(new URL(text).protocol)
  must(fits, 'REDIS_URL must be a URL such as redis://host:6379')
  return text
}

function readTwilioSettings (env: Environment): TwilioSettings | null {
  const [accountSid = '', authToken = '', serviceSid = ''] = TWILIO.map(name => env[name])
  const baseUrl = env['TWILIO_VERIFY_BASE_URL'] || null
  const missing = TWILIO.filter(name => !env[name])
  if (missing.length === TWILIO.length && baseUrl === null) return null
  must(missing.length === 0, `${missing.join(' and ')} must be set too, or remove the other variables of Twilio`)
  must(/^AC[0-9a-fA-F]{32}$/.test(accountSid), 'TWILIO_ACCOUNT_SID must be AC and 32 hex digits')
  must(/^VA[0-9a-fA-F]{32}$/.test(serviceSid), 'TWILIO_VERIFY_SERVICE_SID must be VA and 32 hex digits')
  must(baseUrl === null || isSafeOrigin(baseUrl),
    'TWILIO_VERIFY_BASE_URL must be an origin such as https://verify.example; only this machine may have http://')
  return { accountSid, authToken, serviceSid, baseUrl }
}

/** True if credentials and codes travel encrypted, or never leave this machine. */
function isSafeOrigin (text: string): boolean {
  if (!URL.canParse(text)) return false
  const { origin, protocol, hostname } = new URL(text)
  const isLoopback = /^(?:localhost|127(?:\.[0-9]+){3}|\[::1\])$/.test(hostname)
  return origin === text && (protocol === 'https:' || (protocol === 'http:' && isLoopback))
}

function parseRemember (text: string): number {
  const seconds = /^[0-9]{1,7}$/.test(text) ? Number(text) : 0
  must(seconds >= 1 && seconds <= MOST_REMEMBERED, `REMEMBER must be an integer of seconds from 1 to ${MOST_REMEMBERED}`)
  return seconds
}

function parseClockOffset (text: string): number {
  must(/^[+-]?[0-9]{1,12}$/.test(text), 'CLOCK_OFFSET must be an integer of seconds')
  return Number(text)
}

function parseTimeout (text: string): number {
  const seconds = /^[0-9]{1,2}$/.test(text) ? Number(text) : 0
  must(seconds >= 1 && seconds <= LONGEST_TIMEOUT, `TIMEOUT must be an integer of seconds from 1 to ${LONGEST_TIMEOUT}`)
  return seconds
}

function parseLogLevel (text: string): string {
  must(LOG_LEVELS.includes(text), `LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`)
  return text
}

function must (condition: boolean, expected: string): void {
  if (!condition) throw new StartError(expected)
}
