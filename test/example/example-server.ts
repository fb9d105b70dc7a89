import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyPglite } from '../pglite.js'
import { ROOT } from '../root.js'
import { guest, type Guest } from './guest.js'

const PROGRAM = join(ROOT, 'example/dist/site/server.js')

/** The running example. */
export interface ExampleServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** The time of its second factor, in Unix seconds. */
  now (): number
  /** Stops it with a signal. */
  end (signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<Ended>
  /** A visitor with a cookie jar of their own. */
  guest (): Guest
  /** A visitor who has logged in. */
  login (username: string): Promise<Guest>
}

/** The exit code and the output of a process. */
export interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Cleanup { after (fn: () => Promise<void>): void }

/** A folder that is deleted after the test. */
export async function temporaryFolder (t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'example-'))
  t.after(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** A folder with an empty database, ready for the example. */
export async function dataFolder (t: Cleanup): Promise<string> {
  const folder = await temporaryFolder(t)
  await copyPglite(join(folder, 'pglite'))
  return folder
}

/** Options of `startExample`. */
export interface ExampleOptions {
  readonly dataDir: string
  /** Seconds by which its clock is ahead. */
  readonly later?: number
  /** @default any free one */
  readonly port?: number
  /** Further variables of its environment. */
  readonly env?: Readonly<Record<string, string>>
  /** A program with the same routes and environment, to start in its place. */
  readonly program?: string
}

/** Starts the example. */
export async function startExample (
  t: Cleanup, { dataDir, later = 0, port = 0, env = {}, program = PROGRAM }: ExampleOptions
): Promise<ExampleServer> {
  const all = { ...env, DATA_DIR: dataDir, PORT: String(port), CLOCK_OFFSET: String(later) }
  const run = runExample(t, all, program)
  const url = await Promise.race([run.url, run.ended.then(({ stderr }) => {
    throw new Error(`the example did not start: ${stderr}`)
  })])
  return {
    url,
    port: Number(new URL(url).port),
    pid: run.pid,
    now: () => Math.floor(Date.now() / 1000) + later,
    guest: () => guest(url),

    async end (signal) {
      process.kill(run.pid, signal)
      return await run.ended
    },

    async login (username) {
      const visitor = guest(url)
      await visitor.login(username)
      return visitor
    }
  }
}

/** Starts the example with an environment, even if it fails to start. It is killed after the test. */
export function runExample (
  t: Cleanup, env: Record<string, string>, program = PROGRAM
): { pid: number, url: Promise<string>, ended: Promise<Ended> } {
  // The environment of this process would start the example under the test runner's hooks.
  const child = spawn(process.execPath, [program], {
    cwd: ROOT, env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe']
  })
  let stdout = ''
  let stderr = ''
  const ended = new Promise<Ended>(resolve => {
    child.once('close', exitCode => resolve({ exitCode, stdout, stderr }))
  })
  const url = new Promise<string>(resolve => {
    child.stdout.on('data', chunk => {
      stdout += chunk
      const [found] = /http:\S+/.exec(stdout) ?? []
      if (found !== undefined) resolve(found)
    })
  })
  child.stderr.on('data', chunk => { stderr += chunk })
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { pid: child.pid ?? 0, url, ended }
}
