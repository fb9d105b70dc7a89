import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import Fastify from 'fastify'
import type { Test } from 'tap'
import { verifyTotp, type EntityStore } from '../../src/index.js'
import type { Verifier } from '../../src/verifier/verifier.js'
import { startExample, temporaryFolder, type ExampleServer } from '../example/example-server.js'
import { ROOT } from '../root.js'
import type { Backend } from './backends.js'
import { REMEMBERED_FOR } from './remembered-browsers.js'

/** Several processes of the example on one database, with one clock. */
export interface Cluster {
  /** Those that run. */
  readonly servers: readonly ExampleServer[]
  /** The operator's own verifier, on the same database and clock. */
  readonly operator: Pick<Verifier, 'revoke' | 'unlock' | 'reset' | 'pass'>
  /** The time of all of them, in Unix seconds. */
  now (): number
  /** The server of a number, whichever has it now. */
  at (number: number): ExampleServer
  /** Ends all of them, and starts as many with clocks that are ahead by so many seconds more. */
  restart (seconds: number): Promise<void>
  /** Ends the server of a number as a crash would. */
  kill (number: number): Promise<void>
  /** Starts another one in its place. */
  replace (number: number): Promise<void>
}

/** Seconds that a database may take. */
const TIMEOUT = 60
/** How many there are. */
export const SERVERS = 4

/** Programs with the same routes, each on the sessions that its users have. */
export const PROGRAMS = {
  'the example': join(ROOT, 'example/dist/site/server.js'),
  Express: join(ROOT, 'build/test/cluster/express-program.js')
}

/** Starts them; they are gone with the test. `more` is what else their environment has. */
export async function startCluster (
  t: Test, backend: Backend, more: Readonly<Record<string, string>> = {}, program = PROGRAMS['the example']
): Promise<Cluster> {
  const { env, store } = await backend.open(t)
  const key = randomBytes(32)
  const shared = {
    ...env,
    ...more,
    SESSION_SECRET: randomBytes(32).toString('hex'),
    TOTP_KEYS: key.toString('base64'),
    REMEMBER: String(REMEMBERED_FOR),
    // The tests count refusals. A database that is slow on a busy machine must not add any.
    TIMEOUT: String(TIMEOUT)
  }
  let later = 0
  const now = () => Math.floor(Date.now() / 1000) + later
  const start = async () =>
    await startExample(t, { dataDir: await temporaryFolder(t), later, env: shared, program })
  const startAll = async () => await Promise.all(Array.from({ length: SERVERS }, start))
  const operator = await operatorOf(t, store, key, now)
  let servers = await startAll()

  function at (number: number): ExampleServer {
    const server = servers[number % SERVERS]
    if (server === undefined) throw new Error(`there is no server ${number}`)
    return server
  }

  return {
    get servers () { return servers },
    operator,
    now,
    at,

    async restart (seconds) {
      await Promise.all(servers.map(async server => await server.end('SIGTERM')))
      later += seconds
      servers = await startAll()
    },

    async kill (number) {
      await at(number).end('SIGKILL')
    },

    async replace (number) {
      servers = servers.with(number, await start())
    }
  }
}

/** What has no route in the example is done by the package itself, from this process. */
async function operatorOf (
  t: Test, store: EntityStore, key: Uint8Array, clock: () => number
): Promise<Verifier> {
  const app = Fastify({ pluginTimeout: 0 })
  t.teardown(async () => await app.close())
  await app.register(verifyTotp, {
    issuer: 'Gold Vault',
    keys: [key],
    store,
    identify: () => null,
    session: { read: () => null, write: () => {} },
    routes: false,
    // Otherwise each of its writes would drop the browsers that the servers remember.
    remember: { for: REMEMBERED_FOR, insecure: true },
    timeout: TIMEOUT,
    clock
  })
  return app.totp
}
