import { RedisStore } from 'connect-redis'
import connectPg from 'connect-pg-simple'
import express, { type ErrorRequestHandler, type Request } from 'express'
import session, { type Store } from 'express-session'
import pg from 'pg'
import { createClient } from 'redis'
import { createTotp, expressSession } from '../../src/connect.js'
import { postgresStore, redisStore, type EntityStore } from '../../src/index.js'

/*
 * The example's routes on Express, with the same environment: a cluster runs either of them. Sessions are in
 * the store that Express users have for the same database.
 */

declare module 'express-session' {
  interface SessionData { userId?: string }
}

const { DATABASE_URL, REDIS_URL, SESSION_SECRET = '', TOTP_KEYS = '', REMEMBER = '', CLOCK_OFFSET = '0', TIMEOUT = '5' } = process.env

interface Storage { readonly store: EntityStore, readonly sessions: Store }

async function onPostgres (connectionString: string): Promise<Storage> {
  const pool = new pg.Pool({ connectionString })
  const PgStore = connectPg(session)
  const settings = { pool, tableName: 'session', createTableIfMissing: true, pruneSessionInterval: false } as const
  // The processes create the table at the same time. One wins, the stores of the others stay broken.
  await new Promise(resolve => new PgStore(settings).get('nobody', resolve))
  return { store: postgresStore({ client: pool }), sessions: new PgStore(settings) }
}

async function onRedis (url: string | undefined): Promise<Storage> {
  const client = createClient(url === undefined ? {} : { url })
  await client.connect()
  return { store: redisStore({ client }), sessions: new RedisStore({ client }) }
}

const { store, sessions } = await (DATABASE_URL === undefined ? onRedis(REDIS_URL) : onPostgres(DATABASE_URL))
const totp = createTotp({
  issuer: 'Gold Vault',
  keys: TOTP_KEYS.split(',').map(key => Buffer.from(key, 'base64')),
  store,
  session: expressSession,
  remember: { for: Number(REMEMBER), insecure: true },
  identify: (request: Request) => request.session.userId,
  timeout: Number(TIMEOUT),
  clock: () => Math.floor(Date.now() / 1000) + Number(CLOCK_OFFSET)
})

const app = express()
app.use(session({ secret: SESSION_SECRET, store: sessions, resave: false, saveUninitialized: false }))
app.use(totp.routes())
app.use(express.json())

app.post('/login', (request, response, next) => {
  request.session.regenerate(error => {
    if (error) return next(error)
    request.session.userId = request.body.username
    totp.forget(request, response).then(() => response.json({}), next)
  })
})
app.post('/logout', (request, response, next) => {
  const { session } = request
  totp.forget(request, response)
    .finally(() => session.destroy(error => error ? next(error) : response.sendStatus(204)))
    .catch(next)
})
app.get('/vault', totp.required(), (_request, response) => { response.json({ vault: 'gold' }) })
app.get('/admin/report', totp.required(), (_request, response) => { response.json({ report: 'secret' }) })
app.post('/payment', totp.required({ perRequest: true }), (_request, response) => { response.json({ payment: 'sent' }) })
app.post('/transfer', totp.required({ maxAge: 60 }), (_request, response) => { response.json({ transfer: 'sent' }) })

const unavailable: ErrorRequestHandler = (error, _request, response, _next) => {
  console.error(error)
  response.status(503).json({ code: 'EXAMPLE_UNAVAILABLE' })
}
app.use(unavailable)

const server = app.listen(Number(process.env['PORT']), '127.0.0.1', () => {
  const address = server.address()
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
})
process.once('SIGTERM', () => process.exit())
