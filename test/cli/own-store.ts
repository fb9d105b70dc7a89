import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Entity } from '../../src/index.js'
import { folderStore } from '../../src/stores/folder.js'
import { ROOT } from '../root.js'
import { temporaryFolder } from './environment.js'

const FOLDER_STORE = pathToFileURL(join(ROOT, 'dist/stores/folder.js')).href

/** A store of a user's own, and the module for `--store` that exports it. */
export async function ownStore (t: { after (fn: () => Promise<void>): void }) {
  const folder = await temporaryFolder(t)
  const store = folderStore<Entity>(join(folder, 'entities'))
  await store.createFolder()
  const module = join(folder, 'store.mjs')
  await writeFile(module, `
    import { writeFileSync } from 'node:fs'
    import { folderStore } from ${JSON.stringify(FOLDER_STORE)}
    export default async () => folderStore(${JSON.stringify(join(folder, 'entities'))})
    export const close = () => writeFileSync(${JSON.stringify(join(folder, 'closed'))}, '')
  `)
  return { store, module, folder }
}
