import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.js'
import { lacking } from '../example/programs.js'

/** Why a test that starts servers is skipped, or false when it isn't. */
export const lackingProgram = lacking('redis-server')

/** A server that keeps all it has acknowledged, unless it is told otherwise. */
const DURABLE = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always', '--bind', '127.0.0.1']

/** A Redis server of a test's own. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Ends it as a crash would. */
  kill (): Promise<void>
  /** Lets it go on living, and answer nothing. */
  freeze (): void
  /** Starts it again, on the same port and data. */
  start (): Promise<void>
}

interface Cleanup { teardown (fn: () => Promise<void>): unknown }

/** Starts a server, which is gone with the test. */
export async function redisServer (t: Cleanup, ...args: string[]): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-'))
  const port = await freePort()
  let server = await started()
  t.teardown(async () => {
    await kill()
    await rm(folder, { recursive: true, force: true })
  })

  async function started () {
    const child = spawn('redis-server', ['--port', String(port), '--dir', folder, ...DURABLE, ...args], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    const ended = once(child, 'close')
    let said = ''
    await Promise.race([new Promise<void>(resolve => child.stdout.on('data', chunk => {
      said += chunk
      if (said.includes('Ready to accept connections')) resolve()
    })), ended.then(() => { throw new Error(`redis-server did not start: ${said}`) })])
    return { child, ended }
  }

  async function kill (): Promise<void> {
    server.child.kill('SIGKILL')
    await server.ended
  }

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    freeze: () => { server.child.kill('SIGSTOP') },
    start: async () => { server = await started() }
  }
}
