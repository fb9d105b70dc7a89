import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.js'
import { lacking } from '../example/programs.js'

const isRoot = process.getuid?.() === 0
/** It refuses to run as root unless told to. */
const ACCOUNT = isRoot ? ['--user=root'] : []
const READY = 'ready for connections'

/** The reason to skip a test that starts a server, or false. */
export const lackingMariadb = lacking('mariadbd', 'mariadb-install-db')

/** A MariaDB server for one test, with the user `root`, who needs no password. */
export interface MariadbServer {
  readonly port: number
  /** Ends it as a crash would. */
  kill (): Promise<void>
  /** Starts it again, on the same port and data. */
  start (): Promise<void>
}

interface Cleanup { teardown (fn: () => Promise<void>): unknown }

/** Starts a server, which is gone with the test. */
export async function mariadbServer (t: Cleanup): Promise<MariadbServer> {
  const folder = await mkdtemp(join(tmpdir(), 'mariadb-'))
  const port = await freePort()
  const data = `--datadir=${join(folder, 'data')}`
  execFileSync('mariadb-install-db', [
    '--no-defaults', ...ACCOUNT, data, '--auth-root-authentication-method=normal', '--skip-test-db'
  ], { stdio: 'ignore' })
  let server: ChildProcess
  await start()
  t.teardown(async () => {
    await kill()
    await rm(folder, { recursive: true, force: true })
  })

  async function start (): Promise<void> {
    server = spawn('mariadbd', [
      '--no-defaults', ...ACCOUNT, data, '--bind-address=127.0.0.1', `--port=${port}`,
      `--socket=${join(folder, 'socket')}`
    ], { stdio: ['ignore', 'ignore', 'pipe'] })
    const output = await outputUntilReady(server)
    if (!output.includes(READY)) throw new Error(`mariadbd did not start: ${output}`)
  }

  async function kill (): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  }

  return { port, kill, start }
}

/** Everything the server logs until it is ready or has ended. */
async function outputUntilReady (server: ChildProcess): Promise<string> {
  let output = ''
  return await new Promise(resolve => {
    server.stderr?.on('data', chunk => {
      output += chunk
      if (output.includes(READY)) resolve(output)
    })
    server.once('close', () => { resolve(output) })
  })
}
