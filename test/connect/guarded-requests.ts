/* A program: it sends requests to guards, and prints by how many bytes the heap has grown. */
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { channel } from 'node:diagnostics_channel'
import { authenticator } from '../authenticator.js'
import { untyped } from '../untyped.js'
import { secondFactor, type Headers } from './factor.js'
import { heapGrowth } from './heap.js'

const COUNT = Number(process.argv[2]) / 4

const { totp, login, now } = secondFactor()
const [alice, bob] = [login('alice'), login('bob')]
const [guard, anonymous, routes] = [totp.required(), totp.required({ anonymous: 'allow' }), totp.routes()]
const socket = new Socket()
const arrivals = channel('http.server.request.start')

await approve()
const grown: Record<string, number> = {}
grown['passed'] = await heapGrowth(async () => await send(guard, alice), COUNT)
grown['refused'] = await heapGrowth(async () => await send(guard, bob), COUNT)
grown['anonymous'] = await heapGrowth(async () => await send(anonymous), COUNT)
grown['endpoints'] = await heapGrowth(async () => await send(routes, alice), COUNT)
console.log(JSON.stringify(grown))

/** One request, as a server announces and hands it over; only sockets are left out. */
async function send (middleware: typeof guard, headers?: Headers): Promise<void> {
  const request = new IncomingMessage(socket)
  Object.assign(request, { method: 'GET', url: '/totp/factors' })
  Object.assign(request.headers, headers)
  const response = new ServerResponse(request)
  arrivals.publish({ request, response })
  await new Promise<void>(resolve => {
    response.end = untyped(() => { resolve(); return response })
    middleware(request, response, () => { resolve() })
  })
}

async function approve (): Promise<void> {
  const request = new IncomingMessage(socket)
  Object.assign(request.headers, alice)
  const response = new ServerResponse(request)
  const { factor, secret, mark } = await totp.enroll(await totp.caller(request), { friendlyName: 'Phone' })
  await totp.keep(request, response, mark)
  const app = authenticator(secret, factor.config)
  const verified = await totp.verify(await totp.caller(request), factor.sid, app.code(now()))
  await totp.keep(request, response, verified.mark)
}
