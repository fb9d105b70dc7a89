import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { selfSigned } from './certificate.js'

/** A stand-in under the name of Twilio's host, for programs that connect to no other. */
export interface TwilioHost {
  /** The URL of the proxy that leads there. */
  readonly proxy: string
  /** The path of the certificate that they must trust. */
  readonly certificate: string
}

const HOST = 'verify.twilio.com'

/** Creates a proxy that connects to the stand-in instead of Twilio's host, and refuses all other hosts. */
export async function twilioHost (
  t: { after (fn: () => Promise<void>): void }, folder: string, baseUrl: string
): Promise<TwilioHost> {
  const { key, cert, file: certificate } = selfSigned(folder, HOST)
  const tls = createTlsServer({ key, cert }, socket => {
    const inner = connect(Number(new URL(baseUrl).port), '127.0.0.1')
    socket.pipe(inner).pipe(socket)
    socket.on('error', () => inner.destroy())
    inner.on('error', () => socket.destroy())
  })
  const proxy = createServer()
  proxy.on('connect', (request, socket) => {
    if (request.url !== `${HOST}:443`) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    return tls.emit('connection', socket)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(async () => {
    proxy.close()
    proxy.closeAllConnections()
  })
  return { proxy: `http://127.0.0.1:${portOf(proxy.address())}`, certificate }
}

function portOf (address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('a server without a port')
  return address.port
}
