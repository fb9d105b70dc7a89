import type { IncomingMessage } from 'node:http'
import { MisconfiguredError, MisplacedError } from '../errors.js'
import { BODY_LIMIT, isForm, isJson, readBytes, requireReadable } from '../http/body-text.js'
import { SAFE_METHODS } from '../http/cross-site.js'
import { hasNoBody, hasUnreadBody, type Bodied } from '../http/unread-body.js'
import { UnreadableError } from '../http/unreadable-error.js'
import { getOwn } from '../own-property.js'

/** A request whose body a middleware in front may have parsed. */
type Incoming = IncomingMessage & Bodied & { readonly body?: unknown }

/**
 * The body of a request as JSON; undefined when it has none. Throws `UnreadableError`, and
 * `MisconfiguredError` when a middleware in front has read the body and kept nothing.
 */
export async function bodyOf (request: Incoming): Promise<unknown> {
  const isEmpty = hasNoBody(request)
  const isAbsent = isEmpty && getOwn(request.headers, 'content-type') === undefined
  if (SAFE_METHODS.includes(String(request.method)) || isAbsent) return undefined
  requireReadable(request.headers, isJson)
  return isEmpty ? undefined : await contentOf(request, parse)
}

/** The same for a form: its text, or what a parser of the host made of it. */
export async function formOf (request: Incoming): Promise<unknown> {
  requireReadable(request.headers, isForm)
  return hasNoBody(request) ? undefined : await contentOf(request, textOf)
}

async function contentOf (request: Incoming, parse: (bytes: Buffer) => unknown): Promise<unknown> {
  if (isReadByOthers(request)) return parsedBefore(request, parse)
  // An empty body that was read tells its end no second time.
  return request.readableEnded ? undefined : parse(await readBytes(request))
}

/**
 * Throws unless the body of a request was read to its end, so that a parser of the host has had its say.
 * Without a parser in front of it, the guard stands in the wrong place; a parser that leaves a body alone
 * doesn't know its type.
 */
export function requireBodyRead (request: Incoming): void {
  if (!hasUnreadBody(request)) return
  // Parsers leave this property behind even where they read nothing.
  if (Object.hasOwn(request, 'body')) throw new UnreadableError('unsupported')
  throw new MisconfiguredError(UNREAD)
}

const UNREAD = new MisplacedError('a guard with perRequest ran before the body was read: put it after the body parser, ' +
  'so that a request that is refused for its body spends no code')

/** A listener to `readable` reads by itself, and keeps `data` from coming. */
function isReadByOthers (request: Incoming): boolean {
  return request.readableDidRead || request.listenerCount('readable') > 0
}

/** What a parser of the host made of the body. */
function parsedBefore ({ body }: Incoming, parse: (bytes: Buffer) => unknown): unknown {
  if (typeof body === 'string' || body instanceof Uint8Array) return parse(Buffer.from(body))
  // Waiting for a body that was read already would take for ever.
  if (body === undefined) throw new MisconfiguredError(GONE)
  return body
}

const GONE = new MisplacedError('totp.routes() or totp.pages() finds no body: a middleware in front has read it ' +
  'and kept nothing. Put them in front of that middleware')

function parse (bytes: Buffer): unknown {
  const text = textOf(bytes)
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new UnreadableError('notJson')
  }
}

function textOf (bytes: Buffer): string {
  if (bytes.length > BODY_LIMIT) throw new UnreadableError('tooLarge')
  return bytes.toString()
}
