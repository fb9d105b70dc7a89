import type { IncomingMessage } from 'node:http'
import { MisconfiguredError, MisplacedError } from '../errors.js'
import { SAFE_METHODS } from '../http/cross-site.js'
import { hasNoBody, hasUnreadBody, type Bodied } from '../http/unread-body.js'
import { ownOnly } from '../own-property.js'
import { UnreadableError } from '../http/unreadable-error.js'

/** Bytes of a body. A code, a name and a factor sid fit well; a bigger body is a mistake or an attack. */
const BODY_LIMIT = 4096

/** A request whose body a middleware in front may have parsed. */
type Incoming = IncomingMessage & Bodied & { readonly body?: unknown }

/**
 * The body of a request as JSON; undefined when it has none. Throws `UnreadableError`, and
 * `MisconfiguredError` when a middleware in front has read the body and kept nothing.
 */
export async function bodyOf (request: Incoming): Promise<unknown> {
  const { 'content-type': type, 'content-length': length, 'content-encoding': encoding } = ownOnly(request.headers)
  const isEmpty = hasNoBody(request)
  if (SAFE_METHODS.includes(String(request.method)) || (type === undefined && isEmpty)) return undefined
  if (!isJson(type) || encoding !== undefined) throw new UnreadableError('unsupported')
  if (Number(length) > BODY_LIMIT) throw new UnreadableError('tooLarge')
  if (isEmpty) return undefined
  if (isReadByOthers(request)) return parsedBefore(request)
  // An empty body that was read tells its end no second time.
  return request.readableEnded ? undefined : parse(await read(request))
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

function isJson (type: string | undefined): boolean {
  return /^application\/json[ \t]*(?:;|$)/i.test(type ?? '')
}

/** What a parser of the host made of the body. */
function parsedBefore ({ body }: Incoming): unknown {
  if (typeof body === 'string' || body instanceof Uint8Array) return parse(Buffer.from(body))
  // Waiting for a body that was read already would take for ever.
  if (body === undefined) throw new MisconfiguredError(GONE)
  return body
}

const GONE = new MisplacedError('totp.routes() finds no body: a middleware in front has read it and kept nothing. ' +
  'Put totp.routes() in front of that middleware')

async function read (request: Incoming): Promise<Buffer> {
  // Such a request has told its end already.
  if (request.destroyed) throw new UnreadableError('endedEarly')
  const chunks: Buffer[] = []
  let size = 0
  return await new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer | string) => {
      // A middleware in front may have called `setEncoding`.
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, request.readableEncoding ?? 'utf8') : chunk
      size += bytes.length
      if (size <= BODY_LIMIT) return chunks.push(bytes)
      request.pause()
      return reject(new UnreadableError('tooLarge'))
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    for (const event of ['error', 'close']) request.on(event, () => reject(new UnreadableError('endedEarly')))
  })
}

function parse (bytes: Buffer): unknown {
  if (bytes.length > BODY_LIMIT) throw new UnreadableError('tooLarge')
  const text = bytes.toString()
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new UnreadableError('notJson')
  }
}
