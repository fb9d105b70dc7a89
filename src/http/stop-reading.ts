/** RFC 9113, section 7: the stream isn't needed any more. Without an error code Node.js keeps it open. */
const CANCEL = 8

/** The stream of one request over HTTP/2. */
interface Stream {
  close (code: number): void
  once (event: 'finish', listener: () => void): unknown
}

/**
 * Gives up a body that is too large: with the answer, HTTP/2 ends the stream, and HTTP/1 the connection.
 * Returns the headers for that.
 */
export function stopReading (
  { stream }: { readonly statusCode: number, readonly stream?: Stream }
): Readonly<Record<string, string>> {
  if (stream === undefined) return { connection: 'close' }
  stream.once('finish', () => stream.close(CANCEL))
  return {}
}
