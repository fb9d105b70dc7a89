import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import { postgresStore } from 'fastify-verify-totp'
import { makeDataFolder } from './data-folder.js'
import { openDatabase, type Database } from './database.js'
import { checkKeys } from './key-check.js'
import { keysOf, type Keys } from './keys.js'
import { page } from './page.js'
import { sessionsIn } from './session-store.js'
import { settingsOf, type Settings } from './settings.js'
import { site } from './site.js'
import { twilioIn } from './twilio.js'

/** Milliseconds that requests under way may take to end when the server has to. */
const GRACE = 3000
/** Milliseconds that a request may take to arrive. */
const REQUEST_TIMEOUT = 60_000

try {
  await start(settingsOf(process.env))
} catch (error) {
  console.error(`fastify-verify-totp example: ${reasonOf(error)}`)
  process.exit(1)
}

async function start (settings: Settings): Promise<void> {
  await makeDataFolder(settings.dataDir)
  const keys = await keysOf(settings)
  const database = await openDatabase(settings)
  try {
    const app = await createServer(settings, database, keys)
    closeOnSignal(app, database)
    console.log(`fastify-verify-totp example: ${await app.listen({ host: settings.host, port: settings.port })}/`)
  } catch (error) {
    await database.close()
    throw error
  }
}

async function createServer (
  { clockOffset, logLevel, twilio }: Settings, { client }: Database, keys: Keys
): Promise<FastifyInstance> {
  const store = postgresStore({ client })
  const sessions = sessionsIn(client)
  const provider = twilio && await twilioIn(twilio)
  await store.createTable()
  await sessions.createTables()

  const app = Fastify({
    logger: { level: logLevel, stream: process.stderr },
    requestTimeout: REQUEST_TIMEOUT,
    // Input is what it is: no string becomes a number, and nothing unknown is left out quietly.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } }
  })
  app.removeContentTypeParser('text/plain')
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Example of fastify-verify-totp', version: '1' } }
  })
  await app.register(page)
  app.get('/healthz', { schema: { summary: 'Whether the server runs' } }, async () => ({ status: 'ok' }))
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.register(site, { sessions, store, provider, clockOffset, ...keys })
  await app.ready()
  await checkKeys(client, keys.totpKeys)
  return app
}

function closeOnSignal (app: FastifyInstance, database: Database): void {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, async () => {
      setTimeout(() => app.server.closeAllConnections(), GRACE).unref()
      await app.close()
      await database.close()
      process.exit(0)
    })
  }
}

/** One line. Some errors, of connections for example, say nothing but their code. */
function reasonOf (error: unknown): string {
  if (!(error instanceof Error)) return 'it failed, and did not say why'
  const [line = ''] = error.message.split('\n')
  return line || ('code' in error ? String(error.code) : error.name)
}
