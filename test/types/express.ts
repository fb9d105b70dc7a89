// Nothing here runs. It is compiled with the types of Express 5 and with those of Express 4: that the
// compiler refuses each line below `@ts-expect-error`, and no other, is the test.
import { createServer, type IncomingMessage } from 'node:http'
import connect from 'connect'
import express, { Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import type {} from 'express-session'
import {
  cookieSession, createTotp, expressSession, isTotpError, memoryStore, tokenSession,
  type ConnectTotp, type ConnectTotpOptions, type Entity, type Middleware, type SessionPort
} from '../../src/connect.js'

declare module 'express-session' {
  interface SessionData { userId?: string }
}

const store = memoryStore<Entity>()
const keys = [new Uint8Array(32)]
const issuer = 'Acme'

/* A server of Express */

// The types of express-session are about the one version of Express that is installed under this name.
declare const sessions: RequestHandler
const app = express()
const totp = createTotp({
  issuer,
  keys,
  store,
  session: expressSession,
  identify: (req: Request) => req.session.userId,
  friendlyName: req => req.get('x-name'),
  context: ({ ip }) => ({ ip }),
  trustedOrigins: ['https://app.example'],
  log: (error, message) => { console.error(message, error) },
  onRefused (error, req, res, next) {
    if (isTotpError(error) && req.ip === '127.0.0.1') res.statusCode = error.statusCode
    next(error)
  },
  onEvent: async ({ type, identity }) => { console.log(type, identity) }
})
app.use(sessions)
app.use(totp.routes())
app.use('/api', totp.routes())
app.use(totp.required({ anonymous: 'allow' }))
app.use('/admin', totp.required(), totp.required({ maxAge: 300 }), (_req, res) => { res.end() })
app.get('/vault', totp.required(), (req, res) => { res.json({ vault: 'gold', approval: req.totp?.factorSid }) })
app.get('/x/:id', totp.required(), (req, res) => {
  const id: string = req.params.id
  res.json({ id })
})
app.get('/y/:id', [totp.required(), totp.sameSite()], async (req: Request, res: Response) => { res.json(req.totp) })
app.post('/transfer', express.json(), totp.required({ maxAge: 60, unenrolled: 'allow' }), (req, res) => {
  res.json(req.body)
})
app.route('/z').all(totp.required()).post(totp.sameSite(), (_req, res) => { res.end() })

app.use(totp.required({ methods: ['totp'], unenrolled: req => req.path === '/inbox' ? 'allow' : new Date(0) }))

const router = Router()
router.use(totp.required())
router.get('/:id', totp.required(), (req, res) => { res.json({ id: req.params.id, at: req.totp?.at }) })
app.use('/router', router)

app.post('/login', (req, res, next) => {
  totp.forget(req, res).then(() => { res.sendStatus(204) }, next)
})
app.post('/challenge', async (req, res) => {
  const { mark } = await totp.challenge(await totp.caller(req), { code: '123456' })
  await totp.keep(req, res, mark)
  // @ts-expect-error a mark is not guessed
  await totp.keep(req, res)
  // @ts-expect-error a request is no caller
  await totp.check(req)
  await totp.settled()
})
app.get('/e', (req: Request) => {
  // @ts-expect-error there may be none
  const { at } = req.totp
  // @ts-expect-error an approval is not written to
  if (req.totp) req.totp.at = at
})
app.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
  if (isTotpError(error)) res.status(error.statusCode).end()
  else next(error)
})

export const handler: RequestHandler = totp.required()
export const typed: ConnectTotp<Request, Response> = createTotp<Request, Response>({
  issuer, keys, store, session: cookieSession, identify: async req => req.session.userId ?? null
})

/* Servers without Express */

const plain = createTotp({
  issuer,
  keys,
  store,
  session: {
    read: request => request.headers.cookie,
    write: (_request, response, mark) => { response.setHeader('x-mark', mark) }
  },
  identify: request => request.headers.from
})
const [routes, guard] = [plain.routes(), plain.required()]
createServer(plain.routes())
createServer((request, response) => {
  routes(request, response, () => guard(request, response, () => { response.end(request.totp?.factorSid) }))
})
connect().use(plain.routes()).use(plain.required()).use('/below', plain.sameSite())
connect().use((request: IncomingMessage, response) => { response.end(request.totp?.factorSid) })
export const middleware: Middleware = plain.required()
export const port: SessionPort<Request, Response> = {
  read: req => req.session.id,
  write: (_req, res) => { res.end() }
}

/* Misuse */

// @ts-expect-error no session
createTotp({ issuer, keys, store, identify: (req: Request) => req.session.userId })
// @ts-expect-error no identify
createTotp({ issuer, keys, store, session: expressSession })
// @ts-expect-error no options at all
createTotp()

const good = { issuer, keys, store, session: expressSession, identify: () => 'alice' }
export const options: ConnectTotpOptions<Request, Response> = good
export const wrong: Array<ConnectTotpOptions<Request, Response>> = [
  // @ts-expect-error an unknown option
  { ...good, maxAttempts: 5 },
  // @ts-expect-error an option of Fastify
  { ...good, routes: true },
  // @ts-expect-error another option of Fastify
  { ...good, logLevel: 'info' },
  // @ts-expect-error an id that is a number
  { ...good, identify: () => 42 },
  // @ts-expect-error an id that is a number, in a promise
  { ...good, identify: async () => 42 },
  // @ts-expect-error a request is no user
  { ...good, identify: req => req },
  // @ts-expect-error a logger is no function
  { ...good, log: console },
  // @ts-expect-error text for a function
  { ...good, onRefused: '/challenge' },
  // @ts-expect-error a port that can't write
  { ...good, session: { read: () => undefined } },
  // @ts-expect-error requests of Express have no user, unless the host says so
  { ...good, identify: req => req.user.id }
]
createTotp({
  issuer,
  keys,
  store,
  identify: (req: Request) => req.get('x-user'),
  session: tokenSession({
    claims: (req: Request) => req.get('x-claims'),
    issue: async (req, claims) => `${req.ip}${claims.totp}`
  })
})
createTotp({
  issuer,
  keys,
  store,
  identify: req => req.headers.host,
  session: tokenSession({ claims: req => req.headers, issue: req => String(req.headers.host) })
})
// @ts-expect-error an unknown option
createTotp({ ...good, identify: (req: Request) => req.session.userId, onrefused: () => {} })
// @ts-expect-error a number in text
totp.required({ maxAge: '60' })
// @ts-expect-error an unknown requirement
totp.required({ maxage: 60 })
// @ts-expect-error the maker of guards is no guard
app.get('/uncalled', totp.required, (_req, res) => { res.end() })
// @ts-expect-error nor is it one of a Router
router.get('/uncalled', totp.required)
// @ts-expect-error nor do the routes stand there uncalled
app.use(totp.routes)
export const open: Middleware = (req, _res, next) => {
  // @ts-expect-error the approval is what a guard found
  req.totp = 'approved'
  next?.()
}
