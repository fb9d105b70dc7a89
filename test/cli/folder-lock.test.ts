import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ROOT } from '../root.js'
import { lockFolder, type LockOwner } from '../../src/cli/serve/folder-lock.js'
import { temporaryFolder } from './environment.js'
import { deadProcess, sleeper, startOf, zombie } from './processes.js'

/** The error for a locked folder, with its owner. */
function inUse ({ pid, lock }: LockOwner): Error {
  return new Error(`${pid} ${lock}`)
}

async function folderWith (t: Test, lock: string): Promise<string> {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, lock), '')
  return folder
}

t.test('a lock lasts until it is removed', async t => {
  const folder = await temporaryFolder(t)
  const unlock = await lockFolder(folder, inUse)
  t.same(await readdir(folder), [`lock-${process.pid}-${await startOf(process.pid)}`])
  await t.rejects(lockFolder(folder, inUse), { code: 'EEXIST' }, 'even the same process can\'t lock it twice')
  await unlock()
  t.same(await readdir(folder), [])
  await unlock()
  await (await lockFolder(folder, inUse))()
})

t.test('the lock of a running process is respected', async t => {
  const pid = await sleeper(t)
  const lock = `lock-${pid}-${await startOf(pid)}`
  const folder = await folderWith(t, lock)
  await t.rejects(lockFolder(folder, inUse), { message: `${pid} ${join(folder, lock)}` })
  t.same(await readdir(folder), [lock], 'and no other lock is left behind')
})

t.test('the lock of a dead process is taken over', async t => {
  const pid = await deadProcess()
  for (const lock of [`lock-${pid}-12345`, `lock-${pid}-0`]) {
    const folder = await folderWith(t, lock)
    const unlock = await lockFolder(folder, inUse)
    t.notOk((await readdir(folder)).includes(lock))
    await unlock()
  }
})

t.test('the lock of a dead process is taken over although another process has its id now', async t => {
  const pid = await sleeper(t)
  const folder = await folderWith(t, `lock-${pid}-${await startOf(pid) - 1}`)
  await (await lockFolder(folder, inUse))()
  t.same(await readdir(folder), [])
})

t.test('the lock of a zombie is taken over', async t => {
  const pid = await zombie(t)
  const folder = await folderWith(t, `lock-${pid}-${await startOf(pid)}`)
  await (await lockFolder(folder, inUse))()
  t.same(await readdir(folder), [])
})

t.test('files that are not locks stay', async t => {
  const folder = await folderWith(t, 'lock-me')
  await (await lockFolder(folder, inUse))()
  t.same(await readdir(folder), ['lock-me'])
})

t.test('the example has a copy of the same file, so these tests cover it too', async t => {
  const [ours, copy] = await Promise.all(['src/cli/serve/folder-lock.ts', 'example/site/folder-lock.ts']
    .map(async file => await readFile(join(ROOT, file), 'utf8')))
  t.equal(copy, ours)
})
