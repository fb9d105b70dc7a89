import { createHash } from 'node:crypto'
import { access, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entity } from '../entity/entity.js'
import type { Store } from '../documents/store.js'
import { turns } from '../documents/turns.js'

/** A store with a folder of its own. */
export interface FolderStore<Document extends { readonly revision: number } = Entity>
  extends Required<Store<Document>> {
  /** Creates the folder, for its owner alone, unless it is there. */
  createFolder (): Promise<void>
}

/** What a file holds: the key too, because its name can't be turned back into one. */
interface Kept<Document> {
  readonly key: string
  readonly document: Document
}

const NAME_PATTERN = /^[0-9a-f]{64}\.json$/

/**
 * Keeps documents in a folder, a file for each, for one process at a time: whoever starts it has to see to
 * that. Call `createFolder()` once before use.
 */
export function folderStore<Document extends { readonly revision: number } = Entity> (
  folder: string
): FolderStore<Document> {
  const { inTurn } = turns()

  async function read (name: string): Promise<Kept<Document> | null> {
    const text = await textOf(join(folder, name))
    return text === null ? null : keptOf(name, text)
  }

  /** No file is no document, but no folder is a failure: a disk may have gone. */
  async function textOf (file: string): Promise<string | null> {
    try {
      return await readFile(file, 'utf8')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
      await access(folder)
      return null
    }
  }

  /** The file has its new content as a whole or not at all, whenever the machine stops. */
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
      // As it is now: whoever asks may change the object while this waits.
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

    /** In the order of the names of the files, which is none of the keys', but stays. */
    async list (after, limit) {
      const behind = after === undefined ? '' : nameOf(after)
      const names = (await readdir(folder)).filter(name => NAME_PATTERN.test(name) && name > behind).sort()
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

/** Keys are compared byte by byte; file systems may fold case, or find different strings equal. */
function nameOf (key: string): string {
  return `${createHash('sha256').update(key).digest('hex')}.json`
}

function keptOf<Document> (name: string, text: string): Kept<Document> {
  const kept = parsed(text)
  const isKept = typeof kept?.key === 'string' && typeof kept.document?.revision === 'number'
  if (isKept && nameOf(kept.key) === name) return kept
  // Not with what the parser says, which quotes the file, nor with so many hex digits that they look secret.
  throw new Error(`the file ${name.slice(0, 16)}….json doesn't hold the document that its name stands for`)
}

function parsed (text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

async function remove (folder: string, name: string): Promise<void> {
  await rm(join(folder, name))
  await flush(folder)
}

/** Files come and go for good only when the folder that names them is on the disk as well. */
async function flush (folder: string): Promise<void> {
  // Windows opens no folders, and keeps their changes in a journal of its own.
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
