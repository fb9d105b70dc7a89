import { randomBytes } from 'node:crypto'
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartError } from './failure.js'

const KEY_BYTES = 32
/** Bits of a file's mode: group and others may read. */
const OTHERS_READ = 0o044

/** Keys as text: base64, separated by commas. `source` is the variable or file that it is from. */
export function keysOf (text: string, source: string): readonly Uint8Array[] {
  const keys = text.split(',').map(key => key.trim())
  const decoded = keys.map(key => Buffer.from(key, 'base64'))
  const fits = decoded.every((bytes, i) => bytes.length === KEY_BYTES && bytes.toString('base64') === keys[i])
  if (fits && new Set(keys).size === keys.length) return decoded
  throw new StartError(
    `${source} must be keys of ${KEY_BYTES} bytes each in base64, all different, separated by commas`)
}

/** The keys that the folder keeps; at the first start one is made. */
export async function keptKeys (folder: string): Promise<readonly Uint8Array[]> {
  const file = join(folder, 'totp-keys')
  await makeOnce(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`)
  return await keysIn(file)
}

/** The keys that a file has, which is for its owner's eyes only. */
export async function keysIn (file: string): Promise<readonly Uint8Array[]> {
  const { mode } = await stat(file)
  if ((mode & OTHERS_READ) !== 0) throw new StartError(`others may read ${file}: chmod 600`)
  return keysOf(await readFile(file, 'utf8'), file)
}

/**
 * Makes the file unless it is there. It gets its name only when all of it is on the disk, so that neither a
 * crash nor another process that starts at the same time ever sees half a key.
 */
async function makeOnce (file: string, text: string): Promise<void> {
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
