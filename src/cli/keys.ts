import { randomBytes } from 'node:crypto'
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandError } from './failure.js'

const KEY_BYTES = 32
/** Mode bits of a file that its group or others can read. */
const OTHERS_READ = 0o044

/** Parses keys: base64, separated by commas. Errors name `source`, the variable or file that has them. */
export function parseKeys (text: string, source: string): readonly Uint8Array[] {
  const keys = text.split(',').map(key => key.trim())
  const decoded = keys.map(key => Buffer.from(key, 'base64'))
  const fits = decoded.every((bytes, i) => bytes.length === KEY_BYTES && bytes.toString('base64') === keys[i])
  if (fits && new Set(keys).size === keys.length) return decoded
  throw new CommandError(
    `${source} must be keys of ${KEY_BYTES} bytes each in base64, all different, separated by commas`)
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
  if ((mode & OTHERS_READ) !== 0) throw new CommandError(`other users can read ${file}: run chmod 600 ${file}`)
  return parseKeys(await readFile(file, 'utf8'), file)
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
