import Fastify, { type FastifyInstance } from 'fastify'
import type { VerifyDocument } from '../../verify-api/records/documents.js'
import { verifyApi } from '../../verify-api/plugin.js'
import { credentialsIn, type Credentials, type CredentialsDocument } from './credentials.js'
import { firstService } from './first-service.js'
import { keptKeys, keysOf } from '../keys.js'
import type { Command, Surroundings } from '../command.js'
import { serveOptionsOf, type ServeOptions } from './options.js'
import { attempt } from '../failure.js'
import { folderStorage, makeFolder, postgresStorage, type Storage } from './storage.js'

/** What clients are told. */
interface Announcement extends Pick<Credentials, 'accountSid' | 'authToken'> {
  readonly baseUrl: string
  readonly serviceSid: string
}

/** Milliseconds that requests under way may take to end when the server has to. */
const GRACE = 3000
/** Milliseconds that a request may take to arrive. */
const REQUEST_TIMEOUT = 60_000

const HELP = `Usage: fastify-verify-totp serve [options]

Serves the TOTP part of Twilio's Verify v2 API, for development and tests without an account. The first start
makes an account, its auth token, a service and the key under which secrets are kept; later ones have the same.

  --host <address>      address to listen on (127.0.0.1); anything but loopback needs --behind-tls
  --port <port>         port to listen on, 0 for any free one (8080)
  --behind-tls <origin> origin of the proxy with TLS that sends requests here, such as https://verify.example
  --data <directory>    where everything is kept, for one process at a time (.fastify-verify-totp); processes of
                        other containers aren't noticed
  --database-url <url>  keeps documents and credentials in PostgreSQL, for any number of processes, in the tables
                        verify_documents and verify_credentials, which it makes; needs the package pg. A
                        password belongs in PGPASSWORD: others can read arguments
  --json                prints one line of JSON: baseUrl, accountSid, authToken, serviceSid
  --help                prints this

The key never lies in the database: it is in the directory of --data, or in the variable TOTP_KEYS, keys of
32 bytes in base64 with commas between, of which the first seals and all open. Processes that share a database
need the same key, and have the same credentials then.
`

/** Serves the stand-in until a signal ends it. */
export const serve: Command = {
  summary: 'serves the TOTP part of Twilio\'s Verify v2 API',
  help: HELP,

  async run (args, surroundings) {
    const options = serveOptionsOf(args)
    const keys = await keysFrom(surroundings, options)
    const storage = await storageOf(options)
    try {
      await serveFrom(storage, keys, options, surroundings)
    } finally {
      await storage.close()
    }
  }
}

async function keysFrom ({ env }: Surroundings, { data }: ServeOptions): Promise<readonly Uint8Array[]> {
  if (env['TOTP_KEYS'] !== undefined) return keysOf(env['TOTP_KEYS'], 'TOTP_KEYS')
  return await attempt(unusable(data), async () => {
    await makeFolder(data)
    return await keptKeys(data)
  })
}

async function storageOf ({ data, databaseUrl }: ServeOptions): Promise<Storage> {
  if (databaseUrl !== null) return await postgresStorage(databaseUrl)
  return await attempt(unusable(data), async () => await folderStorage(data))
}

function unusable (data: string): string {
  return `the data directory ${data} can't be used`
}

async function serveFrom (
  storage: Storage, keys: readonly Uint8Array[], options: ServeOptions, surroundings: Surroundings
): Promise<void> {
  const kept = credentialsIn(await storage.open<CredentialsDocument>('credentials'), keys)
  const credentials = await attempt('the credentials can\'t be read', kept.read)
  const { accountSid, authToken } = credentials
  const { host, port, behindTls, json } = options
  const app = Fastify({ logger: { level: 'warn', stream: surroundings.stderr }, requestTimeout: REQUEST_TIMEOUT })
  try {
    const store = await storage.open<VerifyDocument>('documents')
    const baseUrl = behindTls === null ? {} : { baseUrl: behindTls }
    await app.register(verifyApi, { store, keys, accountSid, authToken, ...baseUrl })
    const serviceSid = await firstService(app, credentials, kept)
    const signal = firstSignal(surroundings)
    const address = await attempt(
      `it can't listen on port ${port} of ${host} (--port and --host give others)`, () => app.listen({ host, port }))
    const announcement = { baseUrl: behindTls ?? address, accountSid, authToken, serviceSid }
    surroundings.stdout.write(json ? `${JSON.stringify(announcement)}\n` : forPeople(announcement, address))
    await signal
  } finally {
    await closed(app)
  }
}

async function firstSignal (surroundings: Surroundings): Promise<void> {
  await new Promise<void>(resolve => {
    surroundings.once('SIGINT', resolve)
    surroundings.once('SIGTERM', resolve)
  })
}

/** Whoever has a request under way may wait for its answer, but not for ever. */
async function closed (app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), GRACE)
  await app.close()
  clearTimeout(timer)
}

function forPeople (
  { baseUrl, accountSid, authToken, serviceSid }: Announcement, address: string
): string {
  return `Verify v2 is served at ${baseUrl}${baseUrl === address ? '' : `, behind which it is at ${address}`}

  account sid  ${accountSid}
  auth token   ${authToken}
  service sid  ${serviceSid}

Twilio's own libraries are pointed there, in Node.js by

  const client = twilio(accountSid, authToken)
  client.verify.baseUrl = '${baseUrl}'
`
}
