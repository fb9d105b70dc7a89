import { randomBytes } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSessionSecret, parseTotpKeys, type Settings } from './settings.js'

/** The keys that all instances share, and that stay the same after a restart. */
export interface Keys {
  readonly sessionSecret: string
  readonly totpKeys: readonly Uint8Array[]
}

/** Takes the keys of the environment, or those in the data folder, which the first start creates. */
export async function loadKeys ({ dataDir, sessionSecret, totpKeys }: Settings): Promise<Keys> {
  return {
    sessionSecret: sessionSecret ?? await readOrCreate(join(dataDir, 'session-secret'), parseSessionSecret),
    totpKeys: totpKeys ?? await readOrCreate(join(dataDir, 'totp-keys'), parseTotpKeys)
  }
}

async function readOrCreate<T> (file: string, parse: (text: string, source: string) => T): Promise<T> {
  await createOnce(file, randomBytes(32).toString('base64'))
  return parse((await readFile(file, 'utf8')).trim(), file)
}

/**
 * Creates the file unless it exists. It gets its name only when its content is on the disk, so neither a
 * crash nor an instance that starts at the same time ever sees half a key.
 */
async function createOnce (file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  await writeFile(draft, text, { flag: 'wx', mode: 0o600, flush: true })
  try {
    await link(draft, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(draft)
  }
}
