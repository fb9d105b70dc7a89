import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.js'

/** A PostgreSQL server of a test's own. */
export interface PostgresServer {
  readonly port: number
  /** Ends it as a crash would, with every process of it. */
  kill (): Promise<void>
  /** Starts it again, on the same port and data. */
  start (): Promise<void>
}

interface Account { readonly uid: number, readonly gid: number }
interface Cleanup { after (fn: () => Promise<void>): unknown }

const VERSIONS = '/usr/lib/postgresql'
const programs = newestPrograms()
const isRoot = process.getuid?.() === 0
/** Whose processes and files the server's are, if not one's own: it doesn't run as root. */
const account = isRoot ? accountOf('postgres') : null

/** Why a test that starts servers is skipped, or false when it isn't. */
export const lackingPrograms = programs === null
  ? 'needs the programs of a PostgreSQL server'
  : isRoot && account === null && 'needs a user "postgres", because PostgreSQL doesn\'t run as root'

/** Starts a server with these settings, which is gone with the test. */
export async function postgresServer (
  t: Cleanup, settings: Readonly<Record<string, string>> = {}
): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'postgres-'))
  give(folder)
  const data = join(folder, 'data')
  run('initdb', ['--pgdata', data, '--username', 'postgres', '--auth', 'trust', '--encoding', 'UTF8', '--no-sync'])
  const port = await freePort()
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port), ...settings }
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  let server: ChildProcess
  await start()
  t.after(async () => {
    await kill()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  async function start (): Promise<void> {
    for (;;) {
      const child = spawn(program('postgres'), ['-D', data, ...options], {
        ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe']
      })
      const said = await firstWords(child)
      server = child
      if (said.includes('ready to accept connections')) return
      // Some process of the one that was killed has not ended yet.
      if (!said.includes('is still in use')) throw new Error(`PostgreSQL did not start: ${said}`)
    }
  }

  async function kill (): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    const others = childrenOf(server.pid)
    server.kill('SIGKILL')
    for (const pid of others) end(pid)
    await ended
  }

  return { port, kill, start }
}

/** Makes a folder the server's own. */
export function give (folder: string): void {
  if (account !== null) chownSync(folder, account.uid, account.gid)
}

/** All that it says until it is ready, or has ended. */
async function firstWords (child: ChildProcess): Promise<string> {
  let said = ''
  return await new Promise(resolve => {
    child.stderr?.on('data', chunk => {
      said += chunk
      if (said.includes('ready to accept connections')) resolve(said)
    })
    child.once('close', () => { resolve(said) })
  })
}

function run (name: string, args: string[]): void {
  execFileSync(program(name), args, { ...account, cwd: '/', stdio: 'ignore' })
}

function program (name: string): string {
  return join(programs ?? '', name)
}

function newestPrograms (): string | null {
  try {
    const [newest] = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a))
    return newest === undefined ? null : join(VERSIONS, newest, 'bin')
  } catch {
    return null
  }
}

function accountOf (name: string): Account | null {
  try {
    const id = (kind: string) => Number(execFileSync('id', [kind, name], { stdio: ['ignore', 'pipe', 'ignore'] }))
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    return null
  }
}

function childrenOf (pid: number | undefined): number[] {
  const path = `/proc/${pid}/task/${pid}/children`
  try {
    return readFileSync(path, 'utf8').split(' ').filter(text => text !== '').map(Number)
  } catch {
    // Where there is no such file they notice by themselves, and end.
    return []
  }
}

function end (pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {}
}
