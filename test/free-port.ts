import { once } from 'node:events'
import { createServer } from 'node:net'

/*
 * Ports below those that the system gives out, so that none is given out while its server restarts. A Redis
 * cluster's bus has the port 10000 above, which has to be below them too. Each process claims a block of
 * ports for as long as it lives, by listening on the first one: others look for ports at the same time.
 */

const [FIRST, LAST] = [12_000, 22_000]
const BLOCK = 100

let block: Promise<number> | null = null
let given = 0

/** A port of this machine that nothing listens on, and that no other process is given. */
export async function freePort (): Promise<number> {
  block ??= claimBlock()
  const port = await block + ++given
  if (given === BLOCK) throw new Error('all ports of the block are given')
  return await isFree(port) ? port : await freePort()
}

async function claimBlock (): Promise<number> {
  // Not all begin with the same one.
  const start = process.pid * BLOCK % (LAST - FIRST)
  for (let tried = 0; tried < LAST - FIRST; tried += BLOCK) {
    const port = FIRST + (start + tried) % (LAST - FIRST)
    if (await listen(port) !== null) return port
  }
  throw new Error('no ports are free')
}

async function isFree (port: number): Promise<boolean> {
  const server = await listen(port)
  server?.close()
  if (server !== null) await once(server, 'close')
  return server !== null
}

/** Resolves null when something listens there. The server keeps no process alive. */
async function listen (port: number) {
  const server = createServer().listen(port, '127.0.0.1').unref()
  try {
    await once(server, 'listening')
    return server
  } catch {
    return null
  }
}
