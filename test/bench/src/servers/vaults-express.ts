import { randomBytes } from 'node:crypto'
import express, { type Request } from 'express'
import session from 'express-session'
import { createTotp, expressSession, memoryStore } from '../../../../dist/connect.js'
import { codeAt, enrollAndApprove } from '../population.js'
import { answerBench, type Preparation } from './answer-bench.js'
import { listening } from './express-app.js'
import { realClock, VISITORS } from './vaults.js'

declare module 'express-session' {
  interface SessionData { identity?: string }
}

const app = express()
const clock = realClock()
const totp = createTotp({
  issuer: 'Acme',
  keys: [randomBytes(32)],
  store: memoryStore(),
  session: expressSession,
  identify: (request: Request) => request.session.identity,
  clock: clock.now
})
app.use(session({ secret: randomBytes(32).toString('hex'), resave: false, rolling: false, saveUninitialized: false }))
// A bare request doesn't even pass the routes of the package.
app.get('/bare', vault)
app.use(totp.routes())
app.get('/totp', totp.required(), vault)
app.post('/login', express.json(), (request, response) => {
  request.session.identity = request.body.identity
  response.json({})
})

const server = listening(app)
const origin = await server.listen({ host: '127.0.0.1', port: 0 })
for (const identity of VISITORS) await enrollAndApprove({ totp }, identity, clock)
clock.tick()
const [approved, unapproved]: [string[], string[]] = [[], []]
for (const identity of VISITORS) {
  const cookie = await cookieOf('/login', { identity })
  unapproved.push(await cookieOf('/login', { identity }))
  approved.push(await cookieOf('/totp/challenges', { code: codeAt(clock.now()) }, cookie))
}
await answerBench(server, {
  bare: requests('/bare', approved),
  totp: requests('/totp', approved),
  wrong: requests('/totp', unapproved)
})

function vault (_request: Request, response: express.Response): void {
  response.json({ vault: 'gold' })
}

function requests (path: string, values: readonly string[]): Preparation {
  return () => ({ method: 'GET', path, header: 'cookie', values })
}

async function cookieOf (path: string, body: object, cookie: string = ''): Promise<string> {
  const headers = { 'content-type': 'application/json', cookie }
  const answer = await fetch(origin + path, { method: 'POST', headers, body: JSON.stringify(body) })
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  return answer.headers.getSetCookie().map(line => line.split(';', 1)[0] ?? '').join('; ')
}
