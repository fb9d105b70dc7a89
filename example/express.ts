import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import express, { type Request } from 'express'
import session from 'express-session'
import { createTotp, expressSession, memoryStore } from 'fastify-verify-totp/connect'

declare module 'express-session' { interface SessionData { userId?: string } }

const app = express()
const totp = createTotp({
  issuer: 'Acme', // your service, as authenticator apps show it
  keys: [randomBytes(32)], // in production, import keysFrom and pass keysFrom(process.env.TOTP_KEYS)
  store: memoryStore(), // in production, a database: see Stores
  session: expressSession,
  identify: (req: Request) => req.session.userId // undefined while no user is logged in
})

app.use(session({
  secret: randomBytes(32).toString('hex'), // in production, a secret you keep
  cookie: { secure: false }, // true in production, with HTTPS
  resave: false,
  rolling: false,
  saveUninitialized: false
}))
app.use(totp.routes()) // after the session, before body parsers and guards
app.use(express.json())

app.post('/login', async (req, res) => {
  const { username } = req.body // check the password here
  await promisify(req.session.regenerate).call(req.session)
  req.session.userId = username
  await totp.forget(req, res)
  res.json({ identity: username })
})

app.post('/logout', async (req, res) => {
  const { session } = req
  try {
    await totp.forget(req, res)
  } finally {
    await promisify(session.destroy).call(session)
  }
  res.sendStatus(204)
})

app.get('/vault', totp.required(), (_req, res) => { res.json({ vault: 'gold' }) })

app.listen(3000)
