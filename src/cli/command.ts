import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { reasonOf, StartError, UsageError } from './failure.js'

/** What a command has of the process that it runs in. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What comes in, in pieces of any size. */
  readonly stdin: Readable
  readonly stdout: Output
  readonly stderr: Output
  once (signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
}

/** Where text goes. */
export interface Output {
  write (text: string): unknown
  /** True where somebody looks on, who sees what is overwritten go. */
  readonly isTTY?: boolean
}

/** One of the things that the program can do. */
export interface Command {
  /** What it does, in a line. */
  readonly summary: string
  /** How it is used, as `--help` prints it. */
  readonly help: string
  /** Does it. Throws `StartError` to say why it can't. */
  run (args: readonly string[], surroundings: Surroundings): Promise<void>
}

/** Runs the command that the arguments name. Resolves what the process has to exit with. */
export async function run (
  commands: Readonly<Record<string, Command>>, args: readonly string[], surroundings: Surroundings
): Promise<number> {
  const { stdout, stderr } = surroundings
  try {
    const [name = '', ...rest] = args
    const command = new Map(Object.entries(commands)).get(name)
    if (name === '--version') stdout.write(`${await version()}\n`)
    else if (name === '--help') stdout.write(overview(commands))
    else if (command === undefined) throw new UsageError(`${unknown(name)}: see fastify-verify-totp --help`)
    else if (rest.includes('--help')) stdout.write(command.help)
    else await command.run(rest, surroundings)
    return 0
  } catch (error) {
    stderr.write(`fastify-verify-totp: ${reasonOf(error)}\n`)
    return error instanceof StartError ? error.exitCode : 1
  }
}

function unknown (name: string): string {
  return name === '' ? 'a command is missing' : 'there is no such command'
}

function overview (commands: Readonly<Record<string, Command>>): string {
  const width = Math.max(...Object.keys(commands).map(name => name.length))
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`)
  return [
    'Usage: fastify-verify-totp <command> [options]\n\n',
    ...lines,
    '\nfastify-verify-totp <command> --help tells more; --version prints the version.\n'
  ].join('')
}

async function version (): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return JSON.parse(manifest).version
}
