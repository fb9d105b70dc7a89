import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { folderStore } from '../../stores/folder.js'
import { postgresStore } from '../../stores/postgres.js'
import type { Store } from '../../stores/store.js'
import { openPool, type PostgresDriver } from '../drivers.js'
import { lockFolder } from './folder-lock.js'
import { attempt, StartError } from '../failure.js'

/** Where a server keeps what it knows. */
export interface Storage {
  /** A store of this name, made ready for use. */
  open<Document extends { readonly revision: number }> (name: string): Promise<Required<Store<Document>>>
  close (): Promise<void>
}

/** Bits of a file's mode: group and others may write. */
const OTHERS_WRITE = 0o022

/**
 * Makes the folder, for its owner's eyes only. One that is there already has to be this user's, and of no use
 * to others: what they put there would be written to, or taken for ours.
 */
export async function makeFolder (folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = await stat(folder)
  if (process.getuid !== undefined && uid !== process.getuid()) {
    throw new StartError(`${folder} belongs to another user: --data takes one of your own`)
  }
  if ((mode & OTHERS_WRITE) !== 0) {
    throw new StartError(`others may write to ${folder}: chmod 700, or --data with another`)
  }
}

/** Keeps documents in a folder, which no other process may use meanwhile. */
export async function folderStorage (folder: string): Promise<Storage> {
  await makeFolder(folder)
  const unlock = await lockFolder(folder)

  return {
    async open<Document extends { readonly revision: number }> (name: string) {
      const store = folderStore<Document>(join(folder, name))
      await store.createFolder()
      return store
    },

    close: unlock
  }
}

/** Keeps documents in PostgreSQL, where other processes may use them at the same time. */
export async function postgresStorage (
  connectionString: string, load?: () => Promise<PostgresDriver>
): Promise<Storage> {
  const { client, close } = await openPool(connectionString, load)

  return {
    async open<Document extends { readonly revision: number }> (name: string) {
      const store = postgresStore<Document>({ client, table: `verify_${name}` })
      await attempt(`the database at ${new URL(connectionString).host} can't be used`, store.createTable)
      return store
    },

    close
  }
}
