import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../root.js'
import { printed, type Printed } from './client.js'

export const PROGRAM = join(ROOT, 'dist/cli/main.js')

/** The exit code and the output of a process. */
export interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The running program. */
export interface Program {
  readonly pid: number
  /** The line that `serve --json` prints. */
  readonly server: Promise<Printed>
  readonly ended: Promise<Ended>
  /** Stops it with a signal. */
  end (signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<Ended>
}

interface Cleanup { after (fn: () => Promise<void>): void }

/** Starts the built program, even if it fails to start. It is killed after the test. */
export function program (t: Cleanup, args: readonly string[], env: Record<string, string> = {}): Program {
  // The environment of this process would start the program under the test runner's hooks.
  return started(t, [PROGRAM, ...args], { PATH: process.env['PATH'] ?? '', ...env })
}

/** Starts the program with the hooks of the test runner, which measure its coverage. */
export function watchedProgram (t: Cleanup, args: readonly string[]): Program {
  return started(t, [...process.execArgv, PROGRAM, ...args], process.env)
}

/** `serve` on a port of its own. */
export function serving (
  t: Cleanup, data: string, args: readonly string[] = [], env: Record<string, string> = {}
): Program {
  return program(t, ['serve', '--json', '--port', '0', '--data', data, ...args], env)
}

function started (t: Cleanup, args: readonly string[], env: NodeJS.ProcessEnv): Program {
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stderr.on('data', chunk => { stderr += chunk })
  const ended = new Promise<Ended>(resolve => {
    child.once('close', exitCode => resolve({ exitCode, stdout, stderr }))
  })
  const line = new Promise<void>(resolve => {
    child.stdout.on('data', chunk => {
      stdout += chunk
      if (stdout.includes('\n')) resolve()
    })
  })
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    pid: child.pid ?? 0,
    ended,

    get server () {
      return Promise.race([line, ended]).then(() => {
        if (stdout === '') throw new Error(`the program did not start: ${stderr}`)
        return printed(stdout)
      })
    },

    async end (signal) {
      child.kill(signal)
      return await ended
    }
  }
}
