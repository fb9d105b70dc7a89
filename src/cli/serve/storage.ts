import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { folderStore } from '../../stores/folder.js'
import { postgresStore } from '../../stores/postgres.js'
import type { Store } from '../../documents/store.js'
import { openPool, type PostgresDriver } from '../drivers.js'
import { attempt, CommandError } from '../failure.js'
import { lockFolder, type LockOwner } from './folder-lock.js'

/** Where a server keeps its data. */
export interface Storage {
  /** Opens the store of a name, and creates it if it doesn't exist. */
  openStore<Document extends { readonly revision: number }> (name: string): Promise<Required<Store<Document>>>
  close (): Promise<void>
}

/** Mode bits of a folder that its group or others can write to. */
const OTHERS_WRITE = 0o022

/**
 * Creates a folder that only its owner can use. An existing one must belong to this user, and others must not
 * be able to write to it: they could plant files that we would write to or trust.
 */
export async function createPrivateFolder (folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = await stat(folder)
  if (process.getuid !== undefined && uid !== process.getuid()) {
    throw new CommandError(`${folder} belongs to another user: name a directory of your own with --data`)
  }
  if ((mode & OTHERS_WRITE) !== 0) {
    throw new CommandError(
      `other users can write to ${folder}: run chmod 700 ${folder}, or name another directory with --data`)
  }
}

/** Keeps documents in a folder, which no other process can use until it is closed. */
export async function openFolderStorage (folder: string): Promise<Storage> {
  await createPrivateFolder(folder)
  const unlock = await lockFolder(folder, owner => inUse(folder, owner))

  return {
    async openStore<Document extends { readonly revision: number }> (name: string) {
      const store = folderStore<Document>(join(folder, name))
      await store.createFolder()
      return store
    },

    close: unlock
  }
}

function inUse (folder: string, { pid, lock }: LockOwner): CommandError {
  return new CommandError(`process ${pid} is already using the data directory ${folder}: stop it, or name another ` +
    `directory with --data (if it is not a server of this kind, delete ${lock})`)
}

/** Keeps documents in PostgreSQL, which other processes can use at the same time. */
export async function openPostgresStorage (
  connectionString: string, load?: () => Promise<PostgresDriver>
): Promise<Storage> {
  const { client, close } = await openPool(connectionString, load)

  return {
    async openStore<Document extends { readonly revision: number }> (name: string) {
      const store = postgresStore<Document>({ client, table: `verify_${name}` })
      await attempt(`the database at ${new URL(connectionString).host} can't be used`, store.createTable)
      return store
    },

    close
  }
}
