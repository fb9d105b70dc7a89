import type { IncomingMessage } from 'node:http'
import { ownOnly } from '../own-property.js'

/**
 * Host and port that a request was sent to, as Express resolves them: `X-Forwarded-Host` counts if
 * `trust proxy` trusts the peer. On servers without `trust proxy` it is the header `Host`.
 */
export function hostOf (request: IncomingMessage): string | undefined {
  const { host, 'x-forwarded-host': forwarded } = ownOnly(request.headers)
  const [first] = [forwarded ?? []].flat()
  return first !== undefined && trustsPeer(request) ? first.split(',')[0]?.trim() : host
}

function trustsPeer (request: IncomingMessage): boolean {
  const app: unknown = Reflect.get(request, 'app')
  const get: unknown = typeof app === 'function' ? Reflect.get(app, 'get') : undefined
  const trusts: unknown = typeof get === 'function' ? Reflect.apply(get, app, ['trust proxy fn']) : undefined
  return typeof trusts === 'function' && Reflect.apply(trusts, undefined, [request.socket.remoteAddress, 0]) === true
}
