import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { App } from './answer-bench.js'

/** A server of Express. It listens once, however often it is asked to. */
export function listening (app: RequestListener): App {
  const server = createServer(app)
  return {
    async listen ({ host, port }) {
      if (!server.listening) await once(server.listen(port, host), 'listening')
      const address: AddressInfo | string | null = server.address()
      if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
      return `http://${host}:${address.port}`
    }
  }
}
