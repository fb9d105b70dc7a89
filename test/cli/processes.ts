import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'

/** A process that sleeps until the test ends. */
export async function sleeper (t: Test): Promise<number> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' })
  await once(child, 'spawn')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'close')
  })
  return child.pid ?? 0
}

/** The id of a process that has ended. */
export async function deadProcess (): Promise<number> {
  const child = spawn('true', { stdio: 'ignore' })
  await once(child, 'close')
  return child.pid ?? 0
}

/** A process that has ended but whose parent doesn't collect its exit status. */
export async function zombie (t: Test): Promise<number> {
  // It ends when its parent has turned from a shell, which would collect the status, into `sleep`, which
  // won't.
  const child = 'until read -r name < /proc/$$/comm && [ "$name" = sleep ]; do :; done'
  const script = `(${child}) & echo $!; exec sleep 600`
  const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.teardown(() => { parent.kill('SIGKILL') })
  const [line] = await once(parent.stdout, 'data')
  const pid = Number(line)
  while (await state(pid) !== 'Z') await new Promise(resolve => { setImmediate(resolve) })
  return pid
}

async function state (pid: number): Promise<string> {
  return (await fields(pid))[0] ?? ''
}

/** When a process started, as `/proc` has it. */
export async function startOf (pid: number): Promise<number> {
  return Number((await fields(pid))[19])
}

async function fields (pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}
