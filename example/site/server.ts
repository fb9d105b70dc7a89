import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import { createDataFolder } from './data-folder.js'
import { loadKeys, type Keys } from './keys.js'
import { routes } from './routes.js'
import { readSettings, type Settings } from './settings.js'
import { openStorage, type Storage } from './storage.js'
import { createTwilioProvider } from './twilio.js'

/** Milliseconds that open requests get to finish when the server stops. */
const GRACE = 3000
/** Milliseconds within which a request must arrive. */
const REQUEST_TIMEOUT = 60_000

try {
  await start(readSettings(process.env))
} catch (error) {
  console.error(`fastify-verify-totp example: ${reasonOf(error)}`)
  process.exit(1)
}

async function start (settings: Settings): Promise<void> {
  await createDataFolder(settings.dataDir)
  const keys = await loadKeys(settings)
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
  { clockOffset, logLevel, remember, timeout, twilio }: Settings, storage: Storage, keys: Keys
): Promise<FastifyInstance> {
  const { store, sessions } = storage
  const provider = twilio && await createTwilioProvider(twilio)

  const app = Fastify({
    logger: { level: logLevel, stream: process.stderr },
    requestTimeout: REQUEST_TIMEOUT,
    // Several instances may start on a busy machine. It isn't an error that one of them takes its time.
    pluginTimeout: 0,
    // Strict validation: no string becomes a number, and unknown properties are errors instead of being
    // removed.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } }
  })
  app.removeContentTypeParser('text/plain')
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Example of fastify-verify-totp', version: '1' } }
  })
  app.get('/healthz', { schema: { summary: 'Whether the server runs' } }, async () => ({ status: 'ok' }))
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.register(routes, { sessions, store, provider, remember, clockOffset, timeout, ...keys })
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

/** One line. Some errors, for example of connections, have no message, only a code. */
function reasonOf (error: unknown): string {
  if (!(error instanceof Error)) return 'the start failed without a reason'
  const [line = ''] = error.message.split('\n')
  return line || ('code' in error ? String(error.code) : error.name)
}
