import express, { type Express } from 'express'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { listenerOf, type Handler, type Host, type Kind } from '../connect/server.js'
import { untyped } from '../untyped.js'

/** A server without Express, in the few words of Express that sites use. */
export function plainLibrary (kind: Exclude<Kind, `Express ${string}`>): typeof express {
  return untyped(Object.assign(() => plainApp(kind), { json: express.json }))
}

function plainApp (kind: Kind): Express {
  const hosts: Host[] = []
  const listener = untyped(listenerOf(kind, host => { hosts.push(host) }))
  const app = (request: IncomingMessage, response: ServerResponse) => listener(request, response)
  const [host] = hosts
  host?.use((_request, response, next) => {
    Object.assign(response, wordsOf(response))
    return next()
  })
  const methods = ['get', 'post', 'put', 'patch', 'delete', 'options'].map(name => {
    const add = (path: string, ...handlers: readonly Handler[]) =>
      host?.route(path, ...handlers.map(handler => only(name.toUpperCase(), handler)))
    return [name, add]
  })
  const all = (path: string, ...handlers: readonly Handler[]) => host?.route(path, ...handlers)
  return untyped(Object.assign(app, { use: host?.use, all, ...Object.fromEntries(methods) }))
}

function only (method: string, handler: Handler): Handler {
  return (request, response, next) => request.method === method ? handler(request, response, next) : next()
}

function wordsOf (response: ServerResponse): object {
  return {
    status (status: number) { response.statusCode = status; return response },
    json (body: unknown) { response.setHeader('content-type', 'application/json').end(JSON.stringify(body)) }
  }
}
