import { isIPv4 } from 'node:net'
import { parseArgs } from 'node:util'
import { isOrigin } from '../../option-checks.js'
import { reasonOf, UsageError } from '../failure.js'

/** The arguments of `serve`. */
export interface ServeOptions {
  readonly host: string
  readonly port: number
  /** The directory for everything that neither the environment nor a database keeps. */
  readonly data: string
  /** PostgreSQL for the documents; null for the directory. */
  readonly databaseUrl: string | null
  /** The origin of the TLS proxy in front; null if clients connect directly. */
  readonly behindTls: string | null
  /** True if the output is for programs. */
  readonly json: boolean
}

const KNOWN = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '8080' },
  data: { type: 'string', default: '.fastify-verify-totp' },
  'database-url': { type: 'string' },
  'behind-tls': { type: 'string' },
  json: { type: 'boolean', default: false }
} as const

/** Parses the arguments of `serve`. Throws `UsageError` for invalid ones. */
export function parseServeOptions (args: readonly string[]): ServeOptions {
  const { values, positionals } = parse(args)
  const { host, port, data, json, 'database-url': databaseUrl = null, 'behind-tls': behindTls = null } = values
  // The message doesn't quote the argument, which may be a URL with a password.
  must(positionals.length === 0, 'serve takes only options: see fastify-verify-totp serve --help')
  must(host !== '', '--host must be an address or a name')
  must(/^[0-9]{1,5}$/.test(port) && Number(port) <= 65535, '--port must be an integer from 0 to 65535')
  must(data !== '', '--data must name a directory')
  must(databaseUrl === null || isDatabaseUrl(databaseUrl),
    '--database-url must be a URL such as postgres://user@host/database')
  must(behindTls === null || (isOrigin(behindTls) && behindTls.startsWith('https:')),
    '--behind-tls must be the origin that clients see, such as https://verify.example')
  must(behindTls !== null || isLoopback(host),
    '--host must be a loopback address, because codes and credentials would travel unencrypted: put a TLS proxy in ' +
    'front, and name the origin that clients see, such as --behind-tls https://verify.example')
  return { host, port: Number(port), data, databaseUrl, behindTls, json }
}

function parse (args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: KNOWN, strict: true, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${reasonOf(error).replace(/\..*/, '')}: see fastify-verify-totp serve --help`)
  }
}

function isLoopback (host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function isDatabaseUrl (text: string): boolean {
  return URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol)
}

function must (condition: boolean, expected: string): void {
  if (!condition) throw new UsageError(expected)
}
