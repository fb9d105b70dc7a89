import { execFile } from 'node:child_process'

/** The exit code and the output of a program. */
export interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program while the stand-in in this process keeps answering. `answer` turns the first output of the
 * program into its input.
 */
export async function run (
  program: string, args: readonly string[], env: Readonly<Record<string, string>>,
  answer?: (output: string) => string
): Promise<Ended> {
  return await new Promise(resolve => {
    // The environment of this process has the test runner's hooks, and perhaps a developer's own credentials.
    const own = { env: { PATH: process.env['PATH'], ...env } }
    const child = execFile(program, args, own, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr })
    })
    // A program that ends early doesn't read its input. Its exit code is enough.
    child.stdin?.on('error', () => {})
    child.stdout?.once('data', output => child.stdin?.end(answer?.(String(output))))
  })
}
