/* A program: it sends requests with sessions to guards, and prints by how many bytes the heap has grown. */
import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import session, { MemoryStore } from 'express-session'
import { expressSession } from '../../src/connect.js'
import { authenticator } from '../authenticator.js'
import { untyped } from '../untyped.js'
import { secondFactor } from './factor.js'
import { heapGrowth } from './heap.js'

const COUNT = Number(process.argv[2]) / 4

const { totp, now } = secondFactor({
  identify: request => untyped(request).session.userId,
  session: expressSession
})
const sessions = session({
  secret: 'a secret that is for tests alone, and long',
  store: new MemoryStore(),
  resave: false,
  saveUninitialized: false
})
const [guard, routes] = [totp.required(), totp.routes()]
const socket = new Socket()
const arrivals = channel('http.server.request.start')

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

const [alice, bob] = [await send(logIn('alice'), 200), await send(logIn('bob'), 200)]
const approved = await send(approve, 200, alice)
const grown: Record<string, number> = {}
grown['passed'] = await heapGrowth(async () => { await send(vault, 200, approved) }, COUNT)
grown['refused'] = await heapGrowth(async () => { await send(vault, 403, bob) }, COUNT)
grown['saved'] = await heapGrowth(async () => { await send(changingVault, 200, approved) }, COUNT)
grown['anonymous'] = await heapGrowth(async () => { await send(vault, 401) }, COUNT)
console.log(JSON.stringify(grown))

/**
 * One request, as a server announces and hands it over, from the session's middleware on; only sockets are
 * left out. Resolves to the cookie that the browser has after the answer.
 */
async function send (handle: Handler, status: number, cookie = ''): Promise<string> {
  const request = new IncomingMessage(socket)
  Object.assign(request, { method: 'GET', url: '/vault', headers: { cookie } })
  const response = new ServerResponse(request)
  arrivals.publish({ request, response })
  const { end } = response
  await new Promise<void>((resolve, reject) => {
    response.end = untyped((...args: unknown[]) => {
      Reflect.apply(end, response, args)
      resolve()
      return response
    })
    sessions(untyped(request), untyped(response), () => {
      routes(request, response, () => { Promise.resolve(handle(request, response)).catch(reject) })
    })
  })
  assert.equal(response.statusCode, status)
  const [sent = cookie] = [response.getHeader('set-cookie') ?? []].flat()
  return String(sent).split(';', 1)[0] ?? ''
}

function vault (request: IncomingMessage, response: ServerResponse): void {
  guard(request, response, () => { response.end('gold') })
}

/** Changes the session, so it is saved. */
function changingVault (request: IncomingMessage, response: ServerResponse): void {
  guard(request, response, () => {
    const { session } = untyped(request)
    session.isChanged = !(session.isChanged ?? false)
    response.end('gold')
  })
}

function logIn (userId: string): Handler {
  return (request, response) => {
    Object.assign(untyped(request).session, { userId })
    response.end()
  }
}

/** Enrolls an authenticator app and verifies it, which approves the session. */
async function approve (request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { factor, secret, mark } = await totp.enroll(await totp.caller(request), { friendlyName: 'Phone' })
  await totp.keep(request, response, mark)
  const app = authenticator(secret, factor.config)
  const verified = await totp.verify(await totp.caller(request), factor.sid, app.code(now()))
  await totp.keep(request, response, verified.mark)
  response.end()
}
