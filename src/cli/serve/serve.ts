import type { FastifyInstance } from 'fastify'
import { verifyApi } from '../../verify-api/plugin.js'
import type { VerifyDocument } from '../../verify-api/records/documents.js'
import type { Command, Environment } from '../command.js'
import { importFastify } from '../drivers.js'
import { attempt } from '../failure.js'
import { keysIn, readOrCreateKeys } from '../keys.js'
import { credentialsIn, type Credentials, type CredentialsDocument } from './credentials.js'
import { ensureFirstService } from './first-service.js'
import { parseServeOptions, type ServeOptions } from './options.js'
import { createPrivateFolder, openFolderStorage, openPostgresStorage, type Storage } from './storage.js'

/** What clients need to use the server. */
interface Announcement extends Pick<Credentials, 'accountSid' | 'authToken'> {
  readonly baseUrl: string
  readonly serviceSid: string
}

/** Milliseconds that open requests get to finish when the server stops. */
const GRACE = 3000
/** Milliseconds within which a request must arrive. */
const REQUEST_TIMEOUT = 60_000

const HELP = `Usage: fastify-verify-totp serve [options]

Serves the TOTP part of Twilio's Verify v2 API, for development and tests without a Twilio account. The first start
creates an account, its auth token, a service and the key that seals secrets. Later starts use the same ones. It needs
the package fastify.

  --host <address>      address to listen on (127.0.0.1); any other than loopback needs --behind-tls
  --port <port>         port to listen on, 0 for any free one (8080)
  --behind-tls <origin> origin of the TLS proxy in front, as clients see it, such as https://verify.example
  --data <directory>    directory for all data (.fastify-verify-totp), for one process at a time; a process in
                        another container goes unnoticed
  --database-url <url>  keeps documents and credentials in PostgreSQL, for any number of processes, in the tables
                        verify_documents and verify_credentials, which it creates; needs the package pg. Put a
                        password into PGPASSWORD: other users can read arguments
  --json                prints one line of JSON: baseUrl, accountSid, authToken, serviceSid
  --help                prints this help

The key is never in the database. It is in the directory of --data, or in the variable TOTP_KEYS: keys of 32 bytes
in base64, separated by commas, of which the first seals and all open. Processes that share a database need the
same key and then have the same credentials.
`

/** Serves the stand-in until a signal stops it. */
export const serveCommand: Command = {
  summary: 'serves the TOTP part of Twilio\'s Verify v2 API',
  help: HELP,

  async run (args, environment) {
    const options = parseServeOptions(args)
    const Fastify = await importFastify()
    const keys = await loadKeys(environment, options)
    const storage = await openStorage(options)
    try {
      const logger = { level: 'warn', stream: environment.stderr }
      const app = Fastify({ logger, requestTimeout: REQUEST_TIMEOUT })
      await serve(app, storage, keys, options, environment)
    } finally {
      await storage.close()
    }
  }
}

async function loadKeys ({ env }: Environment, { data }: ServeOptions): Promise<readonly Uint8Array[]> {
  if (env['TOTP_KEYS'] !== undefined) return keysIn(env['TOTP_KEYS'], 'TOTP_KEYS')
  return await attempt(unusable(data), async () => {
    await createPrivateFolder(data)
    return await readOrCreateKeys(data)
  })
}

async function openStorage ({ data, databaseUrl }: ServeOptions): Promise<Storage> {
  if (databaseUrl !== null) return await openPostgresStorage(databaseUrl)
  return await attempt(unusable(data), async () => await openFolderStorage(data))
}

function unusable (data: string): string {
  return `the data directory ${data} can't be used`
}

async function serve (
  app: FastifyInstance,
  storage: Storage,
  keys: readonly Uint8Array[],
  options: ServeOptions,
  environment: Environment
): Promise<void> {
  const stored = credentialsIn(await storage.openStore<CredentialsDocument>('credentials'), keys)
  const credentials = await attempt('the credentials can\'t be read', stored.readOrCreate)
  const { accountSid, authToken } = credentials
  const { host, port, behindTls, json } = options
  try {
    const store = await storage.openStore<VerifyDocument>('documents')
    const baseUrl = behindTls === null ? {} : { baseUrl: behindTls }
    await app.register(verifyApi, { store, keys, accountSid, authToken, ...baseUrl })
    const serviceSid = await ensureFirstService(app, credentials, stored)
    const stopped = waitForSignal(environment)
    const address = await attempt(
      `the server can't listen on port ${port} of ${host}, choose others with --port and --host`,
      () => app.listen({ host, port }))
    const announcement = { baseUrl: behindTls ?? address, accountSid, authToken, serviceSid }
    environment.stdout.write(json ? `${JSON.stringify(announcement)}\n` : textOf(announcement, address))
    await stopped
  } finally {
    await closeGracefully(app)
  }
}

async function waitForSignal (environment: Environment): Promise<void> {
  await new Promise<void>(resolve => {
    environment.once('SIGINT', resolve)
    environment.once('SIGTERM', resolve)
  })
}

/** Lets open requests finish, but not forever. */
async function closeGracefully (app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), GRACE)
  await app.close()
  clearTimeout(timer)
}

function textOf ({ baseUrl, accountSid, authToken, serviceSid }: Announcement, address: string): string {
  const proxied = baseUrl === address ? '' : `; its proxy must send requests to ${address}`
  return `Verify v2 is served at ${baseUrl}${proxied}

  account sid  ${accountSid}
  auth token   ${authToken}
  service sid  ${serviceSid}

Point Twilio's helper libraries there. In Node.js:

  const client = twilio(accountSid, authToken)
  client.verify.baseUrl = '${baseUrl}'
`
}
