import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { lockFolder } from '../../src/cli/serve/folder-lock.js'
import { temporaryFolder } from './environment.js'

/** A process that does nothing until the test is over. */
async function sleeper (t: Test): Promise<number> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' })
  await once(child, 'spawn')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'close')
  })
  return child.pid ?? 0
}

/** The id of a process that was there. */
async function deadProcess (): Promise<number> {
  const child = spawn('true', { stdio: 'ignore' })
  await once(child, 'close')
  return child.pid ?? 0
}

/** A process that has ended, and whose parent doesn't look. */
async function zombie (t: Test): Promise<number> {
  // It ends when its parent has become a program that never looks: a shell might.
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

async function startOf (pid: number): Promise<number> {
  return Number((await fields(pid))[19])
}

async function fields (pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

async function folderWith (t: Test, lock: string): Promise<string> {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, lock), '')
  return folder
}

t.test('a lock is there until it is taken away', async t => {
  const folder = await temporaryFolder(t)
  const unlock = await lockFolder(folder)
  t.same(await readdir(folder), [`lock-${process.pid}-${await startOf(process.pid)}`])
  await t.rejects(lockFolder(folder), { code: 'EEXIST' }, 'also for the process that has it')
  await unlock()
  t.same(await readdir(folder), [])
  await unlock()
  await (await lockFolder(folder))()
})

t.test('the lock of a living process is respected', async t => {
  const pid = await sleeper(t)
  const lock = `lock-${pid}-${await startOf(pid)}`
  const folder = await folderWith(t, lock)
  await t.rejects(lockFolder(folder), {
    name: 'StartError', message: new RegExp(`^process ${pid} uses the data directory .*--data.*${lock}`)
  })
  t.same(await readdir(folder), [lock], 'and nothing is left behind')
})

t.test('the lock of a dead process is taken over', async t => {
  const pid = await deadProcess()
  for (const lock of [`lock-${pid}-12345`, `lock-${pid}-0`]) {
    const folder = await folderWith(t, lock)
    const unlock = await lockFolder(folder)
    t.notOk((await readdir(folder)).includes(lock))
    await unlock()
  }
})

t.test('the lock of a process whose number another one has got is taken over', async t => {
  const pid = await sleeper(t)
  const folder = await folderWith(t, `lock-${pid}-${await startOf(pid) - 1}`)
  await (await lockFolder(folder))()
  t.same(await readdir(folder), [])
})

t.test('the lock of a process that has ended unnoticed is taken over', async t => {
  const pid = await zombie(t)
  const folder = await folderWith(t, `lock-${pid}-${await startOf(pid)}`)
  await (await lockFolder(folder))()
  t.same(await readdir(folder), [])
})

t.test('other files are nobody\'s lock, and stay', async t => {
  const folder = await folderWith(t, 'lock-me')
  await (await lockFolder(folder))()
  t.same(await readdir(folder), ['lock-me'])
})
