import { execFile } from 'node:child_process'

/** How a program ended, and what it has said. */
export interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program while the stand-in, which is in this process, goes on answering. `answer` makes what the
 * program reads out of the first that it says.
 */
export async function run (
  program: string, args: readonly string[], env: Readonly<Record<string, string>>,
  answer?: (said: string) => string
): Promise<Ended> {
  return await new Promise(resolve => {
    // Not this process's environment: it has what watches over the tests, and people's own credentials.
    const own = { env: { PATH: process.env['PATH'], ...env } }
    const child = execFile(program, args, own, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr })
    })
    // One that ends early doesn't read; its exit code tells.
    child.stdin?.on('error', () => {})
    child.stdout?.once('data', said => child.stdin?.end(answer?.(String(said))))
  })
}
