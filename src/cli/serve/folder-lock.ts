import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const LOCK_PATTERN = /^lock-([0-9]+)-([0-9]+)$/
/** Processes that start at the same moment may all step back. Each then retries after a random pause. */
const TRIES = 10
/** Milliseconds of the longest pause after the first try; later ones are longer by as much. */
const PAUSE = 4

/** The process that has locked a folder, and the path of its lock. */
export interface LockOwner {
  readonly pid: number
  readonly lock: string
}

/**
 * Locks a folder for this process. Resolves to a function that removes the lock. If another running process
 * has locked the folder, it throws the error that `refusal` makes.
 *
 * A lock is a file named after its process. Each process creates its own *before* it looks for others, so of
 * two processes at least one sees the other. It deletes only its own lock and those of dead processes, whose
 * names no running process has.
 */
export async function lockFolder (
  folder: string, refusal: (owner: LockOwner) => Error
): Promise<() => Promise<void>> {
  const own = `lock-${process.pid}-${await startOf(process.pid)}`
  const unlock = async () => await rm(join(folder, own), { force: true })

  for (let tries = 1; ; tries++) {
    await writeFile(join(folder, own), '', { flag: 'wx', mode: 0o600 })
    const owner = await findOtherOwner(folder, own)
    if (owner === null) return unlock
    await unlock()
    if (tries === TRIES) throw refusal(owner)
    await pause(Math.random() * PAUSE * tries)
  }
}

/** Finds another running process that has locked the folder. Deletes the locks of dead ones. */
async function findOtherOwner (folder: string, own: string): Promise<LockOwner | null> {
  for (const name of await readdir(folder)) {
    const [, pid, start] = LOCK_PATTERN.exec(name) ?? []
    if (name === own || pid === undefined) continue
    const lock = join(folder, name)
    if (await isAlive(Number(pid), Number(start))) return { pid: Number(pid), lock }
    await rm(lock, { force: true })
  }
  return null
}

/**
 * True while the process that created the lock runs. A later process with the same id has another start time.
 */
async function isAlive (pid: number, start: number): Promise<boolean> {
  return await startOf(pid) === start && exists(pid)
}

function exists (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * When a process started, in clock ticks since the machine booted. 0 if the process doesn't exist, and on
 * systems without `/proc`.
 */
async function startOf (pid: number): Promise<number> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The program's name, in parentheses, may contain anything. The field after it is the state.
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie has ended, and only stays in the table until its parent asks.
    return 'ZX'.includes(state) ? 0 : Number(fields[18])
  } catch {
    return 0
  }
}
