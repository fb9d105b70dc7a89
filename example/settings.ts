import { StartError } from './start-error.js'

/** What the environment says. */
export interface Settings {
  readonly host: string
  readonly port: number
  /** Folder of the embedded database, and of the keys that were made at the first start. */
  readonly dataDir: string
  /** PostgreSQL in the place of the embedded database. */
  readonly databaseUrl: string | null
  /** Signs the session cookies; null when one is kept in `dataDir`. */
  readonly sessionSecret: string | null
  /** Seal the secrets of the factors; null when they are kept in `dataDir`. */
  readonly totpKeys: readonly Buffer[] | null
  /** Seconds that the clock of the second factor is ahead of this machine's. */
  readonly clockOffset: number
  readonly logLevel: string
}

type Environment = Readonly<Record<string, string | undefined>>

const NOT_SUPPORTED = /^(?:REDIS_URL|TWILIO_\w+)$/
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
/** The session plugin takes no shorter one. */
const SECRET_LENGTH = 32
const KEY_BYTES = 32

/**
 * Reads the environment. An empty variable is as good as none, but for the keys and the session secret, whose
 * absence should be meant.
 */
export function settingsOf (env: Environment): Settings {
  for (const [name, value] of Object.entries(env)) {
    if (value && NOT_SUPPORTED.test(name)) throw new StartError(`${name} is not supported yet`)
  }
  return {
    host: env['HOST'] || '127.0.0.1',
    port: portOf(env['PORT'] || '3000'),
    dataDir: env['DATA_DIR'] || '.data',
    databaseUrl: env['DATABASE_URL'] ? databaseUrlOf(env['DATABASE_URL']) : null,
    sessionSecret: env['SESSION_SECRET'] === undefined ? null : sessionSecretOf(env['SESSION_SECRET'], 'SESSION_SECRET'),
    totpKeys: env['TOTP_KEYS'] === undefined ? null : totpKeysOf(env['TOTP_KEYS'], 'TOTP_KEYS'),
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
