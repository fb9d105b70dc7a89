import { randomBytes } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sessionSecretOf, totpKeysOf, type Settings } from './settings.js'

/** What has to be the same on every instance, and after every restart. */
export interface Keys {
  readonly sessionSecret: string
  readonly totpKeys: readonly Buffer[]
}

/** The keys of the environment, or those of the data folder, where they are made at the first start. */
export async function keysOf ({ dataDir, sessionSecret, totpKeys }: Settings): Promise<Keys> {
  return {
    sessionSecret: sessionSecret ?? await kept(join(dataDir, 'session-secret'), sessionSecretOf),
    totpKeys: totpKeys ?? await kept(join(dataDir, 'totp-keys'), totpKeysOf)
  }
}

async function kept<T> (file: string, parse: (text: string, source: string) => T): Promise<T> {
  await makeOnce(file, randomBytes(32).toString('base64'))
  return parse((await readFile(file, 'utf8')).trim(), file)
}

/**
 * Makes the file unless it is there. It gets its name only when all of it is on the disk, so that neither a
 * crash nor an instance that starts at the same time ever sees half a key.
 */
async function makeOnce (file: string, text: string): Promise<void> {
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
