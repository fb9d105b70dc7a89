import { createHash } from 'node:crypto'
import { access, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entity } from '../entity/entity.js'
import type { Store } from '../documents/store.js'
import { turns } from '../documents/turns.js'
import { ownValue } from '../own-property.js'
import { parseOrNull } from './json.js'

/** A store with a folder of its own. */
export interface FolderStore<Document extends { readonly revision: number } = Entity>
  extends Required<Store<Document>> {
  /** Creates the folder, for its owner alone, unless it is there. */
  createFolder (): Promise<void>
}

/** The content of a file. It has the key, because the file's name is only a hash of it. */
interface Kept<Document> {
  readonly key: string
  readonly document: Document
}

const NAME_PATTERN = /^[0-9a-f]{64}\.json$/

/**
 * Keeps documents in a folder, one file each. Only one process may use the folder at a time, and the caller
 * has to ensure that. Call `createFolder()` once before use.
 */
export function folderStore<Document extends { readonly revision: number } = Entity> (
  folder: string
): FolderStore<Document> {
  const { inTurn } = turns()

  async function read (name: string): Promise<Kept<Document> | null> {
    const text = await textOf(join(folder, name))
    return text === null ? null : keptOf(name, text)
  }

  /** A missing file means no document, but a missing folder is a failure: its disk may be gone. */
  async function textOf (file: string): Promise<string | null> {
    try {
      return await readFile(file, 'utf8')
    } catch (error) {
      if (!(error instanceof Error && ownValue(error, 'code') === 'ENOENT')) throw error
      await access(folder)
      return null
    }
  }

  /** Replaces the whole file or nothing, even if the machine stops meanwhile. */
  async function write (name: string, kept: Kept<Document>): Promise<void> {
    const draft = join(folder, `${name}.draft`)
    await writeFile(draft, JSON.stringify(kept), { mode: 0o600, flush: true })
    await rename(draft, join(folder, name))
    await flush(folder)
  }

  return {
    async createFolder () {
      await mkdir(folder, { recursive: true, mode: 0o700 })
    },

    async get (key) {
      return (await read(nameOf(key)))?.document ?? null
    },

    async replace (key, expected, next) {
      // The text of now: the caller may change the object while this waits.
      const text = JSON.stringify(next)
      return await inTurn(key, async () => {
        const name = nameOf(key)
        const kept = await read(name)
        if ((kept?.document.revision ?? null) !== expected) return false
        const document: Document | null = JSON.parse(text)
        if (document !== null) await write(name, { key, document })
        else if (kept !== null) await remove(folder, name)
        return true
      })
    },

    /** In the order of the files' names: unrelated to the keys, but fixed. */
    async list (after, limit) {
      const last = after === undefined ? '' : nameOf(after)
      const names = (await readdir(folder)).filter(name => NAME_PATTERN.test(name) && name > last).sort()
      const keys: string[] = []
      for (const name of names) {
        if (keys.length === limit) break
        const kept = await read(name)
        if (kept !== null) keys.push(kept.key)
      }
      return keys
    }
  }
}

/** A hash, because file systems may ignore case, or treat different strings as equal. */
function nameOf (key: string): string {
  return `${createHash('sha256').update(key).digest('hex')}.json`
}

function keptOf<Document> (name: string, text: string): Kept<Document> {
  const kept = parseOrNull(text)
  const isKept = typeof kept?.key === 'string' && typeof kept.document?.revision === 'number'
  if (isKept && nameOf(kept.key) === name) return kept
  // The name is shortened, because so many hex digits would be masked as a secret.
  throw new Error(`the file ${name.slice(0, 16)}….json doesn't hold the document that its name stands for`)
}

async function remove (folder: string, name: string): Promise<void> {
  await rm(join(folder, name))
  await flush(folder)
}

/** A file is created or deleted durably only once its folder is on the disk too. */
async function flush (folder: string): Promise<void> {
  // Windows can't open folders, and keeps their changes in its own journal.
  if (process.platform !== 'win32') await flushFolder(folder)
}

async function flushFolder (folder: string): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
