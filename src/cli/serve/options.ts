import { isIPv4 } from 'node:net'
import { parseArgs } from 'node:util'
import { isOrigin } from '../../options.js'
import { reasonOf, UsageError } from '../failure.js'

/** What `serve` was asked to do. */
export interface ServeOptions {
  readonly host: string
  readonly port: number
  /** Directory of the key, unless the environment has it, and of the rest, unless a database has it. */
  readonly data: string
  /** PostgreSQL for the documents; null for a directory. */
  readonly databaseUrl: string | null
  /** Origin of whatever has TLS and sends requests here; null when clients come directly. */
  readonly behindTls: string | null
  /** Whether to print what a program reads. */
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

/** Reads the arguments of `serve`. Throws `UsageError` for those that make no sense. */
export function serveOptionsOf (args: readonly string[]): ServeOptions {
  const { values, positionals } = parsed(args)
  const { host, port, data, json, 'database-url': databaseUrl = null, 'behind-tls': behindTls = null } = values
  // Not with what it is: that may be a URL with a password.
  must(positionals.length === 0, 'serve takes options only: see fastify-verify-totp serve --help')
  must(host !== '', '--host must be an address or a name')
  must(/^[0-9]{1,5}$/.test(port) && Number(port) <= 65535, '--port must be an integer from 0 to 65535')
  must(data !== '', '--data must be a directory')
  must(databaseUrl === null || isDatabaseUrl(databaseUrl),
    '--database-url must be a URL such as postgres://user@host/database')
  must(behindTls === null || (isOrigin(behindTls) && behindTls.startsWith('https:')),
    '--behind-tls must be the origin that clients see, such as https://verify.example')
  must(behindTls !== null || isLoopback(host),
    '--host must be a loopback address, because codes and credentials would travel in clear: have a proxy with TLS ' +
    'send requests here, and say which origin it has, as --behind-tls https://verify.example')
  return { host, port: Number(port), data, databaseUrl, behindTls, json }
}

function parsed (args: readonly string[]) {
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

function must (holds: boolean, expected: string): void {
  if (!holds) throw new UsageError(expected)
}
