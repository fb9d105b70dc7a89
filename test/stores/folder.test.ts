import { readlinkSync } from 'node:fs'
import { mkdtemp, open as openFile, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { storeSuite } from '../../src/testing.js'
import { folderStore, type FolderStore } from '../../src/stores/folder.js'
import { entityWith } from '../entity/documents.js'

interface Opened { readonly folder: string, readonly store: FolderStore }

/** An empty store in a folder that is gone with the test. */
async function open (t: Test): Promise<Opened> {
  const parent = await mkdtemp(join(tmpdir(), 'folder-'))
  t.teardown(async () => await rm(parent, { recursive: true, force: true }))
  const folder = join(parent, 'documents')
  const store = folderStore(folder)
  await store.createFolder()
  return { folder, store }
}

t.test('in a folder', async t => {
  const { folder, store } = await open(t)
  const broken = () => folderStore(join(folder, 'gone'))
  storeSuite({ test: t.test, factory: () => store, broken })
  t.test('nothing is left over', async t => t.same(await store.list(undefined, 1), []))
})

t.test('the next process finds the documents', async t => {
  const { folder, store } = await open(t)
  await store.replace('identity:alice', null, entityWith({ revision: 1 }))
  const next = folderStore(folder)
  await next.createFolder()
  t.equal((await next.get('identity:alice'))?.revision, 1)
  t.equal(await next.replace('identity:alice', 0, entityWith({ revision: 5 })), false)
  t.equal(await next.replace('identity:alice', 1, entityWith({ revision: 2 })), true)
  t.equal((await store.get('identity:alice'))?.revision, 2)
})

t.test('only the owner may read folder and files, and their names reveal nothing', async t => {
  const { folder, store } = await open(t)
  await store.replace('identity:alice', null, entityWith({ revision: 1 }))
  await store.replace('identity:alice', 1, entityWith({ revision: 2 }))
  t.equal((await stat(folder)).mode & 0o777, 0o700)
  const files = await readdir(folder)
  t.equal(files.length, 1, 'nothing is left over')
  for (const file of files) {
    t.match(file, /^[0-9a-f]{64}\.json$/)
    t.equal((await stat(join(folder, file))).mode & 0o777, 0o600)
  }
})

t.test('a write that a crash interrupted changes nothing, and blocks nothing', async t => {
  const { folder, store } = await open(t)
  await store.replace('identity:alice', null, entityWith({ revision: 1 }))
  const [file = ''] = await readdir(folder)
  await writeFile(join(folder, `${file}.draft`), '{"key":"identity:alice","docum')
  t.equal((await store.get('identity:alice'))?.revision, 1)
  t.same(await store.list(undefined, 5), ['identity:alice'])
  t.equal(await store.replace('identity:alice', 1, entityWith({ revision: 2 })), true)
  t.equal((await store.get('identity:alice'))?.revision, 2)
  t.same(await readdir(folder), [file])
})

t.test('a file without its document is a rejection, not an absence, and isn\'t overwritten', async t => {
  const { folder, store } = await open(t)
  await store.replace('identity:alice', null, entityWith({ revision: 1 }))
  const [file = ''] = await readdir(folder)
  const whole = await readFile(join(folder, file), 'utf8')
  const broken = ['', whole.slice(0, -1), 'secret', 'null', '1', '[]', '{}', '{"key":1}', '{"key":"identity:bob"}',
    '{"key":"identity:alice"}', '{"key":"identity:alice","document":null}', '{"key":"identity:alice","document":1}',
    '{"key":"identity:alice","document":{}}', '{"key":"identity:alice","document":{"revision":"1"}}']
  for (const text of broken) {
    await writeFile(join(folder, file), text)
    const refused = { message: /doesn't hold the document/ }
    await t.rejects(store.get('identity:alice'), refused, text)
    await t.rejects(store.replace('identity:alice', null, entityWith()), refused, text)
    await t.rejects(store.replace('identity:alice', 1, entityWith()), refused, text)
    await t.rejects(store.replace('identity:alice', 1, null), refused, text)
    await t.rejects(store.list(undefined, 5), refused, text)
    t.equal(await readFile(join(folder, file), 'utf8'), text)
    const told = await store.get('identity:alice').catch(String)
    t.notMatch(told, 'secret', 'what the file holds isn\'t told')
  }
  await writeFile(join(folder, file), whole)
  t.equal((await store.get('identity:alice'))?.revision, 1, 'mended')
})

t.test('a document under the file name of another is a rejection', async t => {
  const { folder, store } = await open(t)
  await store.replace('identity:alice', null, entityWith({ revision: 1 }))
  const [alice = ''] = await readdir(folder)
  await store.replace('identity:bob', null, entityWith({ revision: 2 }))
  const bob = (await readdir(folder)).find(file => file !== alice) ?? ''
  await rename(join(folder, bob), join(folder, alice))
  await t.rejects(store.get('identity:alice'), { message: /doesn't hold the document/ })
  t.equal(await store.get('identity:bob'), null)
})

t.test('a missing folder is a rejection, not an absence', async t => {
  const { folder, store } = await open(t)
  await store.replace('identity:alice', null, entityWith({ revision: 1 }))
  await rename(folder, `${folder}-elsewhere`)
  const gone = { code: 'ENOENT' }
  await t.rejects(store.get('identity:alice'), gone)
  await t.rejects(store.replace('identity:alice', null, entityWith()), gone)
  await t.rejects(store.replace('identity:alice', null, null), gone)
  await t.rejects(store.replace('identity:alice', 1, null), gone)
  await t.rejects(store.list(undefined, 5), gone)
  await rename(`${folder}-elsewhere`, folder)
  t.equal((await store.get('identity:alice'))?.revision, 1, 'and back')
  t.equal(await store.replace('identity:alice', 1, null), true, 'a failure is no reason for the next to fail')
})

t.test('a disk that fails is a rejection', async t => {
  const { folder, store } = await open(t)
  await store.replace('identity:alice', null, entityWith({ revision: 1 }))
  const [file = ''] = await readdir(folder)
  await rm(join(folder, file))
  await symlink(file, join(folder, file))
  await t.rejects(store.get('identity:alice'), { code: 'ELOOP' })
  await t.rejects(store.replace('identity:alice', null, entityWith()), { code: 'ELOOP' })
  await t.rejects(folderStore(join(folder, file)).createFolder())
})

t.test('a document deleted while keys are listed is left out, and the page is still full', async t => {
  const { folder, store } = await open(t)
  for (const [revision, key] of ['a', 'b', 'c', 'd'].entries()) await store.replace(key, null, entityWith({ revision }))
  const all = await store.list(undefined, 5)
  const [first = '', second = '', third] = all
  const [file = ''] = (await readdir(folder)).sort()
  await rm(join(folder, file))
  // A dangling link stands for a file that was deleted after the folder was listed.
  await symlink('nowhere', join(folder, file))
  t.same(await store.list(undefined, 2), [second, third])
  t.same(await store.list(first, 5), all.slice(1))
})

t.test('a document that was created or deleted is on the disk, and so is its folder, before it is answered', async t => {
  const { folder, store } = await open(t)
  const flushed = await watchFlushes(t, folder)
  await store.replace('identity:alice', null, entityWith({ revision: 1 }))
  t.same(flushed(), [folder], 'created')
  await store.replace('identity:alice', 1, entityWith({ revision: 2 }))
  t.same(flushed(), [folder], 'replaced')
  await store.replace('identity:alice', 1, entityWith({ revision: 3 }))
  t.same(flushed(), [], 'a lost race changes nothing')
  await store.replace('identity:alice', 2, null)
  t.same(flushed(), [folder], 'deleted')
})

/** Returns the folders that were flushed since the last call. */
async function watchFlushes (t: Test, folder: string): Promise<() => string[]> {
  const handle = await openFile(folder)
  const prototype = Object.getPrototypeOf(handle)
  await handle.close()
  const flushed: string[] = []
  t.intercept(prototype, 'sync', { value: watched(prototype.sync), configurable: true })
  return () => flushed.splice(0)

  function watched (sync: () => Promise<void>) {
    return async function (this: { readonly fd: number }): Promise<void> {
      const path = readlinkSync(`/proc/self/fd/${this.fd}`)
      if (path === folder) flushed.push(path)
      await sync.call(this)
    }
  }
}

t.test('a document that the caller changes while replace waits is written as it was', async t => {
  const { store } = await open(t)
  const document = { ...entityWith({ revision: 1 }) }
  const asked = store.replace('identity:alice', null, document)
  Reflect.set(document, 'revision', 9)
  t.equal(await asked, true)
  t.equal((await store.get('identity:alice'))?.revision, 1)
})
