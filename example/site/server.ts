import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import { makeDataFolder } from './data-folder.js'
import { keysOf, type Keys } from './keys.js'
import { page } from './page.js'
import { settingsOf, type Settings } from './settings.js'
import { site } from './routes.js'
import { openStorage, type Storage } from './storage.js'
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
  const storage = await openStorage(settings)
  try {
    const app = await createServer(settings, storage, keys)
    closeOnSignal(app, storage)
    console.log(`fastify-verify-totp example: ${await app.listen({ host: settings.host, port: settings.port })}/`)
  } catch (error) {
    await storage.close()
    throw error
  }
}

async function createServer (
  { clockOffset, logLevel, twilio }: Settings, storage: Storage, keys: Keys
): Promise<FastifyInstance> {
  const { store, sessions } = storage
  const provider = twilio && await twilioIn(twilio)

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
  await storage.checkKeys(keys.totpKeys)
  return app
}

function closeOnSignal (app: FastifyInstance, storage: Storage): void {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, async () => {
      setTimeout(() => app.server.closeAllConnections(), GRACE).unref()
      await app.close()
      await storage.close()
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
