import { mkdir } from 'node:fs/promises'
import { lockFolder, type LockOwner } from './folder-lock.js'
import { StartError } from './start-error.js'

/** Creates the folder. Only its owner can use it. */
export async function createDataFolder (folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

/**
 * Locks the folder for this process, because two processes on one embedded database silently lose each
 * other's rows. Resolves to a function that removes the lock.
 */
export async function lockDataFolder (folder: string): Promise<() => Promise<void>> {
  return await lockFolder(folder, owner => inUse(folder, owner))
}

function inUse (folder: string, { pid, lock }: LockOwner): StartError {
  return new StartError(`process ${pid} is already using the data folder ${folder}: stop it, or set DATA_DIR to ` +
    `another folder (if it is not a server of this kind, delete ${lock})`)
}
