import { subscribe } from 'node:diagnostics_channel'
import { secondsOf, uptime, type Clock } from '../time/clock.js'

const ARRIVED = Symbol('fastify-verify-totp arrived')

let isSubscribed = false

/**
 * Notes when the headers of each request have arrived. What a session loses after that counts for the
 * request, however long the middlewares in front of this package take. Returns when a request began, in Unix
 * seconds. A request that no server of Node.js announced began when it was first asked for.
 */
export function noteArrivals (clock: Clock): (request: object) => number {
  if (!isSubscribed) subscribe('http.server.request.start', noteArrival)
  isSubscribed = true
  return request => {
    if (!Object.hasOwn(request, ARRIVED)) Reflect.set(request, ARRIVED, uptime())
    return secondsOf(() => clock() - (uptime() - Number(Reflect.get(request, ARRIVED))))
  }
}

function noteArrival (message: unknown): void {
  const request: unknown = Reflect.get(Object(message), 'request')
  if (typeof request === 'object' && request !== null) Reflect.set(request, ARRIVED, uptime())
}
