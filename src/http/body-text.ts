import { ownOnly } from '../own-property.js'
import type { Headers } from './cross-site.js'
import { UnreadableError } from './unreadable-error.js'

/** Bytes of a body. A code, a name and a factor sid fit well; a bigger body is a mistake or an attack. */
export const BODY_LIMIT = 4096

/** A body on its way. */
export interface ByteStream {
  readonly destroyed: boolean
  readonly readableEncoding: BufferEncoding | null
  on (event: 'data', listener: (chunk: Buffer | string) => void): unknown
  on (event: 'end' | 'error' | 'close', listener: () => void): unknown
  pause (): unknown
}

/** Throws `UnreadableError` unless a body of this type fits. `isType` tells the type. */
export function requireReadable (headers: Headers, isType: (type: string) => boolean): void {
  const { 'content-type': type, 'content-length': length, 'content-encoding': encoding } = ownOnly(headers)
  if (!isType(String(type)) || encoding !== undefined) throw new UnreadableError('unsupported')
  if (Number(length) > BODY_LIMIT) throw new UnreadableError('tooLarge')
}

/** True for the media type of a form. */
export function isForm (type: string): boolean {
  return /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i.test(type)
}

/** True for the media type of JSON. */
export function isJson (type: string): boolean {
  return /^application\/json[ \t]*(?:;|$)/i.test(type)
}

/** Reads a body to its end, or throws `UnreadableError`. */
export async function readBytes (stream: ByteStream): Promise<Buffer> {
  // Such a request has told its end already.
  if (stream.destroyed) throw new UnreadableError('endedEarly')
  const chunks: Buffer[] = []
  let size = 0
  return await new Promise((resolve, reject) => {
    stream.on('data', chunk => {
      // A middleware in front may have called `setEncoding`.
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, stream.readableEncoding ?? 'utf8') : chunk
      size += bytes.length
      if (size <= BODY_LIMIT) return chunks.push(bytes)
      stream.pause()
      return reject(new UnreadableError('tooLarge'))
    })
    stream.on('end', () => resolve(Buffer.concat(chunks)))
    for (const event of ['error', 'close'] as const) stream.on(event, () => reject(new UnreadableError('endedEarly')))
  })
}
