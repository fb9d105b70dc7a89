import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite, type PGliteOptions } from '@electric-sql/pglite'
import { ROOT } from './root.js'

/*
 * PGlite takes seconds to create a folder, and much less than one to open it. So one is created, kept among
 * the files that are compiled, and copied.
 */

interface Cleanup { after (fn: () => Promise<void>): void }

/** Opens an empty database, which is gone with the test. */
export async function openPglite (t: Cleanup, options: PGliteOptions = {}): Promise<PGlite> {
  const folder = await mkdtemp(join(tmpdir(), 'pglite-'))
  await copyPglite(folder)
  const client = await PGlite.create(folder, options)
  t.after(async () => {
    await client.close()
    await rm(folder, { recursive: true })
  })
  return client
}

/** Puts an empty database into a folder. */
export async function copyPglite (folder: string): Promise<void> {
  await cp(await createPglite(), folder, { recursive: true })
}

/** Where the folder to copy is. It is created unless this version of PGlite has created it before. */
export async function createPglite (): Promise<string> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'node_modules/@electric-sql/pglite/package.json'), 'utf8'))
  const folder = join(ROOT, 'build', `pglite-${version}`)
  if (existsSync(folder)) return folder
  const unfinished = await mkdtemp(`${folder}-`)
  const client = await PGlite.create(unfinished)
  await client.close()
  // Another process may have been faster.
  await rename(unfinished, folder).catch(async () => await rm(unfinished, { recursive: true }))
  return folder
}
