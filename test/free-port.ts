import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Where this process begins to look, below the ports that are given out to whoever asks for any. A Redis
 * cluster's bus has the port 10000 above, which has to be below them too.
 */
let next = 12_000 + process.pid % 100 * 100

/** A port of this machine on which nothing listens now, and that nobody is given by chance. */
export async function freePort (): Promise<number> {
  const port = next++
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return await freePort()
  }
  server.close()
  await once(server, 'close')
  return port
}
