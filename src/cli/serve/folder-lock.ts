import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jitter } from '../../back-off.js'
import { StartError } from '../failure.js'

const LOCK_PATTERN = /^lock-([0-9]+)-([0-9]+)$/
/** Of those that start at the same moment all may step back; each tries again after a pause of its own. */
const TRIES = 10

interface Owner {
  readonly pid: number
  readonly lock: string
}

/**
 * Locks the folder for this process, because two of them would overwrite each other's documents. Resolves a
 * function that takes the lock away. Throws when a living process has it.
 *
 * A lock is a file named after its process. Each process makes its own *before* it looks for others, so of
 * two at least one sees the other; and it deletes none but its own and those of the dead, whose names nobody
 * living has.
 */
export async function lockFolder (folder: string): Promise<() => Promise<void>> {
  const own = `lock-${process.pid}-${await startOf(process.pid)}`
  const unlock = async () => await rm(join(folder, own), { force: true })

  async function lock (): Promise<Owner | null> {
    await writeFile(join(folder, own), '', { flag: 'wx', mode: 0o600 })
    const owner = await otherOwner(folder, own)
    if (owner !== null) await unlock()
    return owner
  }

  let owner = await lock()
  for (let tries = 1; owner !== null && tries < TRIES; tries++) {
    await jitter(tries)
    owner = await lock()
  }
  if (owner === null) return unlock
  throw new StartError(`process ${owner.pid} uses the data directory ${folder} already: stop it, or give another ` +
    `directory with --data (if it is no server of this kind, delete ${join(folder, owner.lock)})`)
}

/** Another living process with a lock on the folder. The locks of dead ones are deleted. */
async function otherOwner (folder: string, own: string): Promise<Owner | null> {
  for (const lock of await readdir(folder)) {
    const [, pid, start] = LOCK_PATTERN.exec(lock) ?? []
    if (lock === own || pid === undefined) continue
    if (await isAlive(Number(pid), Number(start))) return { pid: Number(pid), lock }
    await rm(join(folder, lock), { force: true })
  }
  return null
}

/** True for the process that made the lock: one that got the same id later began at another time. */
async function isAlive (pid: number, start: number): Promise<boolean> {
  return await startOf(pid) === start && isThere(pid)
}

function isThere (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * When a process began, in ticks since the machine did; 0 for those that aren't there, and where there is no
 * `/proc`.
 */
async function startOf (pid: number): Promise<number> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The name of the program, in parentheses, may hold anything; the state is the field after it.
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // One that has ended stays in the table until its parent has looked.
    return 'ZX'.includes(state) ? 0 : Number(fields[18])
  } catch {
    return 0
  }
}
