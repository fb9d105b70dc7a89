import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { guest, type Guest } from './guest.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PROGRAM = join(ROOT, 'example/dist/site/server.js')

/** The example as it runs. */
export interface ExampleServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** The time of its second factor, in Unix seconds. */
  now (): number
  /** Ends it with a signal. */
  end (signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<Ended>
  /** Somebody with cookies of their own. */
  guest (): Guest
  /** Somebody who has logged in. */
  login (username: string): Promise<Guest>
}

/** How a process ended, and what it has said. */
export interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Cleanup { after (fn: () => Promise<void>): void }

/** A folder that is there as long as the test. */
export async function temporaryFolder (t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'example-'))
  t.after(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** How the example is started. */
export interface ExampleOptions {
  readonly dataDir: string
  /** By how many seconds its clock is ahead. */
  readonly later?: number
  /** @default one of its own */
  readonly port?: number
  /** What else its environment has. */
  readonly env?: Readonly<Record<string, string>>
}

/** Starts the example. */
export async function startExample (
  t: Cleanup, { dataDir, later = 0, port = 0, env = {} }: ExampleOptions
): Promise<ExampleServer> {
  const run = runExample(t, { ...env, DATA_DIR: dataDir, PORT: String(port), CLOCK_OFFSET: String(later) })
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
      const somebody = guest(url)
      await somebody.login(username)
      return somebody
    }
  }
}

/** Starts the example with an environment, whatever comes of it. It is killed when the test is over. */
export function runExample (
  t: Cleanup, env: Record<string, string>
): { pid: number, url: Promise<string>, ended: Promise<Ended> } {
  if (!existsSync(PROGRAM)) throw new Error('the example is not built: run "npm run build && npx tsc -p example"')
  // Not this process's environment: it has what watches over the tests.
  const child = spawn(process.execPath, [PROGRAM], {
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
