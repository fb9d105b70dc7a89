import { once } from 'node:events'
import { createServer } from 'node:net'

/** A port of this machine on which nothing listens now. */
export async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port ?? 0 : 0
  server.close()
  await once(server, 'close')
  // A Redis cluster's bus has the port 10000 above.
  return port < 55_000 ? port : await freePort()
}
