import type { ServerResponse } from 'node:http'
import { shadow } from './shadow.js'

/** Acts that surround the two moments in which an answer leaves. */
export interface AroundEnd {
  /** Is waited for when an answer ends whose headers aren't sent yet; null waits for nothing. */
  before (): Promise<void> | null
  /** Sends the headers by calling `send`. */
  sendHead (send: () => unknown): unknown
  /** Is called once the answer has ended. */
  after (): void
  /** Is told why an answer that waited can't be sent as the host made it. */
  fail (error: unknown): void
}

/** Surrounds the end of an answer. Until `before` is done, the answer looks ended and stays as it is. */
export function aroundEnd (response: ServerResponse, { before, sendHead, after, fail }: AroundEnd): void {
  const { end, writeHead } = response
  let isEnding = false

  shadow(response, 'writeHead', (...args: unknown[]) => sendHead(() => Reflect.apply(writeHead, response, args)))

  shadow(response, 'end', (...args: unknown[]): unknown => {
    if (isEnding) return response
    isEnding = true
    const waiting = response.headersSent ? null : startBefore()
    if (waiting === null) return endNow()
    const release = hold(response)
    // Where `before` failed, express-session tries again to save, and tells the host's error handler.
    waiting.catch(() => {}).then(() => {
      release()
      endNow()
    }).catch(giveUp)
    return response

    function endNow (): unknown {
      const answer = Reflect.apply(end, response, args)
      after()
      return answer
    }
  })

  function startBefore (): Promise<void> | null {
    try {
      return before()
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Without the wait, the host's handler would get this error. By now it has returned. */
  function giveUp (error: unknown): void {
    fail(error)
    try {
      sendBareError(response)
    } catch {
      response.destroy()
    }
  }
}

/** Answers 500 without the wrappers of the host and of express-session, one of which has thrown. */
function sendBareError (response: ServerResponse): void {
  if (response.headersSent) throw new SentError()
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  for (const wrapped of ['writeHead', 'write', 'end']) Reflect.deleteProperty(response, wrapped)
  response.statusCode = 500
  response.end()
}

/**
 * Keeps an answer as it is now. What a host adds by mistake is lost, as by `next(error)` after `res.json()`.
 * `headersSent` stays false: otherwise Express would close the connection because of such an error, and this
 * answer would be lost with it.
 */
function hold (response: ServerResponse): () => void {
  const { statusCode, statusMessage } = response
  const headers = Object.fromEntries(Object.entries(response.getHeaders())
    .map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]))
  const restore = Object.entries({
    writableEnded: true,
    writeHead (): never { throw new SentError() },
    write: (): boolean => false,
    flushHeaders (): void {}
  }).map(([name, value]) => replace(response, name, value))
  return () => {
    for (const act of restore) act()
    Object.assign(response, { statusCode, statusMessage })
    for (const name of new Set([...response.getHeaderNames(), ...Object.keys(headers)])) {
      const value = headers[name]
      if (value === undefined) response.removeHeader(name)
      else if (value !== response.getHeader(name)) response.setHeader(name, value)
    }
  }
}

/** Shadows a property until the function that it returns is called. */
function replace (object: object, name: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(object, name)
  shadow(object, name, value)
  return () => {
    if (own === undefined) Reflect.deleteProperty(object, name)
    else Object.defineProperty(object, name, own)
  }
}

/** What Node.js throws once the headers are sent. */
class SentError extends Error {
  readonly code = 'ERR_HTTP_HEADERS_SENT'
  constructor () {
    super('Cannot write headers after they are sent to the client')
  }
}
