/* A program: it sends requests to guards, and prints by how many bytes the heap has grown. */
import { setImmediate as turn } from 'node:timers/promises'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { channel } from 'node:diagnostics_channel'
import { authenticator } from '../authenticator.js'
import { untyped } from '../untyped.js'
import { secondFactor, type Headers } from './factor.js'

const COUNT = Number(process.argv[2]) / 4

const { totp, login, now } = secondFactor()
const [alice, bob] = [login('alice'), login('bob')]
const [guard, anonymous, routes] = [totp.required(), totp.required({ anonymous: 'allow' }), totp.routes()]
const socket = new Socket()
const arrivals = channel('http.server.request.start')

await approve()
const grown: Record<string, number> = {}
grown['passed'] = await grownBy(async () => await send(guard, alice))
grown['refused'] = await grownBy(async () => await send(guard, bob))
grown['anonymous'] = await grownBy(async () => await send(anonymous))
grown['endpoints'] = await grownBy(async () => await send(routes, alice))
console.log(JSON.stringify(grown))

async function grownBy (act: () => Promise<void>): Promise<number> {
  await repeat(act, COUNT / 10)
  const before = await heap()
  await repeat(act, COUNT)
  return await heap() - before
}

async function repeat (act: () => Promise<void>, count: number): Promise<void> {
  for (let done = 0; done < count; done++) {
    await act()
    // Lets what waits for a turn of its own go.
    if (done % 1000 === 0) await turn()
  }
}

async function heap (): Promise<number> {
  for (let round = 0; round < 5; round++) {
    await turn()
    untyped(globalThis).gc()
  }
  return process.memoryUsage().heapUsed
}

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
