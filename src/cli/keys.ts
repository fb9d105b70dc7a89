import { randomBytes } from 'node:crypto'
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseKeys } from '../keys.js'
import type { Environment } from './command.js'
import { CommandError } from './failure.js'

const KEY_BYTES = 32
/** Mode bits of a file that its group or others can read or write. */
const OTHERS_ACCESS = 0o066

/** The keys in a text or in the bytes of a file. Errors name `source`, the variable or file that has them. */
export function keysIn (given: string | Uint8Array, source: string): readonly Uint8Array[] {
  const { keys, problem } = parseKeys(given)
  if (problem !== null) throw new CommandError(`${source} ${problem}`)
  return keys
}

/** The keys that a command was given: those in a file, or those in the environment; null without either. */
export async function givenKeys (
  file: string | null, env: Environment['env']
): Promise<readonly Uint8Array[] | null> {
  if (file !== null) return await readKeys(file)
  const { TOTP_KEYS: text } = env
  return text === undefined ? null : keysIn(text, 'TOTP_KEYS')
}

/** The same for a command that can't do without keys. */
export async function neededKeys (
  command: string, file: string | null, env: Environment['env']
): Promise<readonly Uint8Array[]> {
  const keys = await givenKeys(file, env)
  if (keys !== null) return keys
  throw new CommandError(`${command} needs the keys: set TOTP_KEYS, or name their file with --keys`)
}

/** Reads the keys in a folder. The first call creates one. */
export async function readOrCreateKeys (folder: string): Promise<readonly Uint8Array[]> {
  const file = join(folder, 'totp-keys')
  await createOnce(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`)
  return await readKeys(file)
}

/** Reads the keys in a file, which must be private to its owner. */
export async function readKeys (file: string): Promise<readonly Uint8Array[]> {
  const { mode } = await stat(file)
  if ((mode & OTHERS_ACCESS) !== 0) {
    throw new CommandError(`other users can read or write ${file}: run chmod 600 ${file}`)
  }
  return keysIn(await readFile(file), file)
}

/**
 * Creates the file unless it exists. It gets its name only when its content is on the disk, so neither a
 * crash nor a process that starts at the same time ever sees half a key.
 */
async function createOnce (file: string, text: string): Promise<void> {
  const draft = `${file}.${randomBytes(8).toString('hex')}`
  await writeFile(draft, text, { flag: 'wx', mode: 0o600, flush: true })
  try {
    await link(draft, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(draft)
  }
}
