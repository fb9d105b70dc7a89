import { once } from 'node:events'
import {
  createServer, request as send, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse
} from 'node:http'
import { connect as connectTo, type AddressInfo, type Socket } from 'node:net'
import connect from 'connect'
import express from 'express'
import express4 from 'express4'
import type { Test } from 'tap'
import { untyped } from '../untyped.js'

/** Every kind of server that speaks `(req, res, next)` in its own way. */
export const KINDS = ['Express 5', 'Express 4', 'Connect', 'node:http'] as const
export type Kind = typeof KINDS[number]

/** A middleware or a handler of a host; the types of the four kinds differ. */
export type Handler =
  (request: IncomingMessage & { body?: unknown }, response: ServerResponse, next: Next) => unknown
type Next = (error?: unknown) => unknown

/** The part of a server that its developer builds. */
export interface Host {
  /** Adds middlewares, optionally below a path. */
  use (...handlers: ReadonlyArray<Handler | string>): void
  /** Handles every method of one path. */
  route (path: string, ...handlers: readonly Handler[]): void
}

export interface Asked {
  readonly method?: string
  readonly path: string
  readonly headers?: OutgoingHttpHeaders
  /** Sent with its length; several parts are sent in chunks. */
  readonly body?: string | Uint8Array | readonly string[]
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly code: string | undefined
  json (): any // eslint-disable-line @typescript-eslint/no-explicit-any -- what a server sends has no type
}

export interface Served {
  readonly port: number
  ask (asked: Asked): Promise<Answer>
  /** Opens a connection, and writes bytes to it. */
  write (bytes: string): Promise<Socket>
}

/** Builds a server of a kind, and starts it. It answers 404 where no handler does. */
export async function serve (t: Test, kind: Kind, build: (host: Host) => void): Promise<Served> {
  return await listen(t, listenerOf(kind, build))
}

/** The listener that a kind of server makes of what its developer builds. */
export function listenerOf (kind: Kind, build: (host: Host) => void): (...args: never[]) => unknown {
  if (kind === 'Express 5' || kind === 'Express 4') {
    const app = kind === 'Express 5' ? express() : express4()
    // Neither prints the stacks of errors that tests cause.
    app.set('env', 'test')
    build({
      use: (...handlers) => { app.use(...untyped(handlers)) },
      route: (path, ...handlers) => { app.all(path, ...untyped(handlers)) }
    })
    return app
  }
  if (kind === 'Connect') return connectApp(build)
  const handlers: Handler[] = []
  build({
    use: (...more) => { handlers.push(...untyped(more)) },
    route: (path, ...more) => { handlers.push(routeAt(path, untyped(more))) }
  })
  return chainOf(handlers)
}

function connectApp (build: (host: Host) => void): (...args: never[]) => unknown {
  const app = untyped(connect())
  build({
    use (first, ...more) {
      const path = typeof first === 'string' ? first : '/'
      for (const handler of typeof first === 'string' ? more : [first, ...more]) app.use(path, handler)
    },
    route (path, ...more) { for (const handler of more) app.use(routeAt(path, [untyped(handler)])) }
  })
  // Connect prints errors that no handler takes.
  app.use((error: unknown, _request: unknown, response: ServerResponse, _next: unknown) => {
    endWith(response, error)
  })
  return app
}

function routeAt (path: string, handlers: readonly Handler[]): Handler {
  const chain = chainOf(handlers)
  return (request, response, next) => request.url?.split('?')[0] === path ? chain(request, response, next) : next()
}

/** Handlers in a row, as a server without a framework calls them. */
function chainOf (handlers: readonly Handler[]): Handler {
  return (request, response, done = error => endWith(response, error)) => {
    const step = (index: number) => (error?: unknown): unknown => {
      const handler = handlers[index]
      if (error !== undefined || handler === undefined) return done(error)
      return handler(request, response, step(index + 1))
    }
    return step(0)()
  }
}

function endWith (response: ServerResponse, error: unknown): void {
  const status = error === undefined ? 404 : untyped(error)?.statusCode ?? 500
  response.writeHead(status, { 'content-type': 'text/plain' }).end(error === undefined ? 'host' : String(error))
}

/** Starts a server of Node.js. */
export async function listen (t: Test, listener: (...args: never[]) => unknown): Promise<Served> {
  const server = createServer(untyped(listener))
  t.teardown(() => { server.close().closeAllConnections() })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = untyped(server.address()) as AddressInfo
  return {
    port,
    ask: async asked => await askAt(port, asked),

    async write (bytes) {
      const socket = connectTo(port, '127.0.0.1')
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.write(bytes)
      return socket
    }
  }
}

async function askAt (port: number, { method = 'GET', path, headers = {}, body }: Asked): Promise<Answer> {
  const parts = Array.isArray(body) ? body : []
  const whole = typeof body === 'string' || body instanceof Uint8Array ? body : undefined
  const length = whole === undefined ? {} : { 'content-length': Buffer.byteLength(whole) }
  const request = send({ port, host: '127.0.0.1', method, path, agent: false, headers: { ...length, ...headers } })
  // A server may answer, and close, before it has read all of the body.
  request.on('error', () => {})
  for (const part of parts) request.write(part)
  request.end(whole)
  const [response]: [IncomingMessage] = untyped(await once(request, 'response'))
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  const json = () => JSON.parse(text)
  const isJson = /^application\/json/.test(response.headers['content-type'] ?? '') && text !== ''
  const { statusCode: status = 0, headers: answered } = response
  return { status, headers: answered, text, json, code: isJson ? json().code : undefined }
}
