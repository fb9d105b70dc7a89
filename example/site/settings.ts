import { StartError } from './start-error.js'

/** What the environment says. */
export interface Settings {
  readonly host: string
  readonly port: number
  /** Folder of the embedded database, and of the keys that were made at the first start. */
  readonly dataDir: string
  /** PostgreSQL in the place of the embedded database. */
  readonly databaseUrl: string | null
  /** Redis in its place. */
  readonly redisUrl: string | null
  /** Signs the session cookies; null when one is kept in `dataDir`. */
  readonly sessionSecret: string | null
  /** Seal the secrets of the factors; null when they are kept in `dataDir`. */
  readonly totpKeys: readonly Buffer[] | null
  /** Twilio Verify in the place of the embedded provider. */
  readonly twilio: TwilioSettings | null
  /**
   * Seconds that the clock of the second factor is ahead of this machine's. Twilio judges codes by its own,
   * which this doesn't move.
   */
  readonly clockOffset: number
  readonly logLevel: string
}

/** Which service of Twilio Verify keeps the factors, and how to get at it. */
export interface TwilioSettings {
  readonly accountSid: string
  readonly authToken: string
  readonly serviceSid: string
  /** Where another server answers as Verify does; null for Twilio itself. */
  readonly baseUrl: string | null
}

type Environment = Readonly<Record<string, string | undefined>>

const TWILIO = ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_VERIFY_SERVICE_SID'] as const
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
/** The session plugin takes no shorter one. */
const SECRET_LENGTH = 32
const KEY_BYTES = 32

/**
 * Reads the environment. An empty variable is as good as none, but for the keys and the session secret, whose
 * absence should be meant.
 */
export function settingsOf (env: Environment): Settings {
  must(!env['DATABASE_URL'] || !env['REDIS_URL'], 'DATABASE_URL and REDIS_URL exclude each other')
  return {
    host: env['HOST'] || '127.0.0.1',
    port: portOf(env['PORT'] || '3000'),
    dataDir: env['DATA_DIR'] || '.data',
    databaseUrl: env['DATABASE_URL'] ? databaseUrlOf(env['DATABASE_URL']) : null,
    redisUrl: env['REDIS_URL'] ? redisUrlOf(env['REDIS_URL']) : null,
    sessionSecret: env['SESSION_SECRET'] === undefined ? null : sessionSecretOf(env['SESSION_SECRET'], 'SESSION_SECRET'),
    totpKeys: env['TOTP_KEYS'] === undefined ? null : totpKeysOf(env['TOTP_KEYS'], 'TOTP_KEYS'),
    twilio: twilioOf(env),
    clockOffset: clockOffsetOf(env['CLOCK_OFFSET'] || '0'),
    logLevel: logLevelOf(env['LOG_LEVEL'] || 'warn')
  }
}

/** `source` is the variable or file that the text is from. */
export function sessionSecretOf (text: string, source: string): string {
  must(text.length >= SECRET_LENGTH, `${source} must have ${SECRET_LENGTH} characters or more`)
  return text
}

/** Keys as text: base64, comma-separated. `source` is the variable or file that it is from. */
export function totpKeysOf (text: string, source: string): readonly Buffer[] {
  const keys = text.split(',').map(key => key.trim())
  const expected = `${source} must be keys of ${KEY_BYTES} bytes each in base64, all different, separated by commas`
  must(new Set(keys).size === keys.length, expected)
  return keys.map(key => {
    const bytes = Buffer.from(key, 'base64')
    must(bytes.length === KEY_BYTES && bytes.toString('base64') === key, expected)
    return bytes
  })
}

function portOf (text: string): number {
  must(/^[0-9]{1,5}$/.test(text) && Number(text) <= 65535, 'PORT must be an integer from 0 to 65535')
  return Number(text)
}

function databaseUrlOf (text: string): string {
  const fits = URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol)
  must(fits, 'DATABASE_URL must be a URL such as postgres://user@host/database')
  return text
}

function redisUrlOf (text: string): string {
  const fits = URL.canParse(text) && ['redis:', 'rediss:'].includes(new URL(text).protocol)
  must(fits, 'REDIS_URL must be a URL such as redis://host:6379')
  return text
}

function twilioOf (env: Environment): TwilioSettings | null {
  const [accountSid = '', authToken = '', serviceSid = ''] = TWILIO.map(name => env[name])
  const baseUrl = env['TWILIO_VERIFY_BASE_URL'] || null
  const missing = TWILIO.filter(name => !env[name])
  if (missing.length === TWILIO.length && baseUrl === null) return null
  must(missing.length === 0, `${missing.join(' and ')} must be set too, or no variable of Twilio's`)
  must(/^AC[0-9a-fA-F]{32}$/.test(accountSid), 'TWILIO_ACCOUNT_SID must be AC and 32 hex digits')
  must(/^VA[0-9a-fA-F]{32}$/.test(serviceSid), 'TWILIO_VERIFY_SERVICE_SID must be VA and 32 hex digits')
  must(baseUrl === null || isSafeOrigin(baseUrl),
    'TWILIO_VERIFY_BASE_URL must be an origin such as https://verify.example; http:// is for this machine alone')
  return { accountSid, authToken, serviceSid, baseUrl }
}

/** True where credentials and codes go out encrypted, or not at all. */
function isSafeOrigin (text: string): boolean {
  if (!URL.canParse(text)) return false
  const { origin, protocol, hostname } = new URL(text)
  const isLoopback = /^(?:localhost|127(?:\.[0-9]+){3}|\[::1\])$/.test(hostname)
  return origin === text && (protocol === 'https:' || (protocol === 'http:' && isLoopback))
}

function clockOffsetOf (text: string): number {
  must(/^[+-]?[0-9]{1,12}$/.test(text), 'CLOCK_OFFSET must be an integer of seconds')
  return Number(text)
}

function logLevelOf (text: string): string {
  must(LOG_LEVELS.includes(text), `LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`)
  return text
}

function must (holds: boolean, expected: string): void {
  if (!holds) throw new StartError(expected)
}
