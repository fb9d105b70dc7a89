import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { StartError } from './start-error.js'

const LOCK = /^lock-([0-9]+)-([0-9]+)$/
/**
 * Of those that start at the same moment all may step back; then they try again, each after a pause of its
 * own.
 */
const TRIES = 5
const LONGEST_PAUSE = 100

/** Makes the folder, for its owner's eyes only. */
export async function makeDataFolder (folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

/**
 * Locks the folder for this process, because two processes on one embedded database silently lose each
 * other's rows. Resolves a function that takes the lock away. Throws when a living process has it.
 *
 * A lock is a file named after its process. Each process makes its own *before* it looks for others, so of
 * two at least one sees the other; and it deletes none but its own and those of the dead, whose names
 * nobody living has.
 */
export async function lockDataFolder (folder: string): Promise<() => Promise<void>> {
  const own = `lock-${process.pid}-${await startOf(process.pid) ?? 0}`
  const unlock = async () => await rm(join(folder, own), { force: true })

  for (let tries = 1; ; tries++) {
    await writeFile(join(folder, own), '', { flag: 'wx', mode: 0o600 })
    const owner = await otherOwner(folder, own)
    if (owner === null) return unlock
    await unlock()
    if (tries === TRIES) {
      throw new StartError(`process ${owner.pid} uses the data folder ${folder} already: stop it, or set DATA_DIR to ` +
        `another folder (if it is no server of this kind, delete ${join(folder, owner.lock)})`)
    }
    await pause(Math.random() * LONGEST_PAUSE)
  }
}

/** Another living process with a lock on the folder. The locks of dead ones are deleted. */
async function otherOwner (folder: string, own: string): Promise<{ pid: number, lock: string } | null> {
  for (const lock of await readdir(folder)) {
    const [, pid, start] = LOCK.exec(lock) ?? []
    if (lock === own || pid === undefined) continue
    if (await isAlive(Number(pid), Number(start))) return { pid: Number(pid), lock }
    await rm(join(folder, lock), { force: true })
  }
  return null
}

/** True for the process that made the lock: one that got the same id later began at another time. */
async function isAlive (pid: number, start: number): Promise<boolean> {
  if (start !== 0) return await startOf(pid) === start
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * When a living process began, in ticks since the machine did; null for others, and where there is no
 * `/proc`.
 */
async function startOf (pid: number): Promise<number | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The name of the program, in parentheses, may hold anything; the state is the field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state = ''] = fields
    return 'ZX'.includes(state) ? null : Number(fields[19])
  } catch {
    return null
  }
}
