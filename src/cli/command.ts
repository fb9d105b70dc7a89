import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { CommandError, reasonOf, UsageError } from './failure.js'

/** The parts of its process that a command uses. */
export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The input, in pieces of any size. */
  readonly stdin: Input
  readonly stdout: Output
  readonly stderr: Output
  once (signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
}

/** The input of a process. */
export interface Input extends Readable {
  /** True for a terminal, at which a user can answer a question. */
  readonly isTTY?: boolean
}

/** A stream for text. */
export interface Output {
  write (text: string): unknown
  /** True for a terminal, which can overwrite what it shows. */
  readonly isTTY?: boolean
}

/** One command of the program. */
export interface Command {
  /** One line for the overview. */
  readonly summary: string
  /** The text of `--help`. */
  readonly help: string
  /** Throws `CommandError` with the reason if it can't do its work. */
  run (args: readonly string[], environment: Environment): Promise<void>
}

/** Runs the command that the arguments name. Resolves to the exit code of the process. */
export async function runCommand (
  commands: Readonly<Record<string, Command>>, args: readonly string[], environment: Environment
): Promise<number> {
  const { stdout, stderr } = environment
  try {
    const [name = '', ...rest] = args
    const command = new Map(Object.entries(commands)).get(name)
    if (name === '--version') stdout.write(`${await readVersion()}\n`)
    else if (name === '--help') stdout.write(overviewOf(commands))
    else if (command === undefined) throw new UsageError(`${unknown(name)}: see fastify-verify-totp --help`)
    else if (optionsIn(rest).includes('--help')) stdout.write(command.help)
    else await command.run(rest, environment)
    return 0
  } catch (error) {
    stderr.write(`fastify-verify-totp: ${reasonOf(error)}\n`)
    return error instanceof CommandError ? error.exitCode : 1
  }
}

/** After "--" there are none: an identity may be called "--help". */
function optionsIn (args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  return end < 0 ? args : args.slice(0, end)
}

/** Doesn't quote the name, which may be a misplaced secret. */
function unknown (name: string): string {
  return name === '' ? 'no command given' : 'unknown command'
}

function overviewOf (commands: Readonly<Record<string, Command>>): string {
  const width = Math.max(...Object.keys(commands).map(name => name.length))
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`)
  return [
    'Usage: fastify-verify-totp <command> [options]\n\n',
    ...lines,
    '\nfastify-verify-totp <command> --help describes a command; --version prints the version.\n'
  ].join('')
}

async function readVersion (): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return JSON.parse(manifest).version
}
