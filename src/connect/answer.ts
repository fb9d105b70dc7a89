import { STATUS_CODES, type ServerResponse } from 'node:http'
import { isTotpError } from '../errors.js'
import { errorHeaders } from '../http/error-headers.js'
import { stopReading } from '../http/stop-reading.js'

/** The answer to a request that no endpoint and no route takes. */
export const NOT_FOUND = { statusCode: 404, error: 'Not Found', message: 'Not Found' }

/** Sends an answer, unless another one is sent already. One that was begun ends with its connection. */
export function send (response: ServerResponse, status: number, body?: object): void {
  if (response.headersSent) return cutOff(response)
  response.statusCode = status
  if (body === undefined) {
    response.end()
    return
  }
  response.setHeader('content-type', 'application/json; charset=utf-8')
  sendText(response, status, JSON.stringify(body))
}

/** Sends a text whose type was set, unless another answer was begun. That one ends with its connection. */
export function sendText (response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return cutOff(response)
  const bytes = Buffer.from(text)
  response.statusCode = status
  response.setHeader('content-length', bytes.length)
  response.end(bytes)
}

/**
 * Sends an error, as Fastify would. Errors that aren't ours tell nothing. An answer that was begun and failed
 * ends with its connection: no error fits behind its headers.
 */
export function sendError (response: ServerResponse, error: unknown): void {
  try {
    if (!response.headersSent) sendErrorBody(response, error)
    else cutOff(response)
  } catch {
    // A wrapper of the host around the response failed.
    response.destroy()
  }
}

function cutOff (response: ServerResponse): void {
  if (!response.writableEnded) response.destroy()
}

function sendErrorBody (response: ServerResponse, error: unknown): void {
  const { statusCode, code, message } = isTotpError(error) ? error : UNKNOWN
  if (statusCode === 413) setHeaders(response, stopReading(response))
  setHeaders(response, errorHeaders(error))
  send(response, statusCode, { statusCode, code, error: STATUS_CODES[statusCode], message })
}

const UNKNOWN = { statusCode: 500, code: undefined, message: 'Internal Server Error' }

export function setHeaders (response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  if (response.headersSent) return
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}

/** Adds a cookie to those that the session and the host have set. Throws if the answer has begun. */
export function addCookie (response: ServerResponse, cookie: string): void {
  const present = [response.getHeader('set-cookie') ?? []].flat().map(String)
  response.setHeader('set-cookie', [...present, cookie])
}
