import { PGlite } from '@electric-sql/pglite'
import t from 'tap'
import { postgresStore } from '../../src/index.js'
import { entityWith } from '../entity/documents.js'
import { block } from './pages.js'

const ddl = block('docs/postgresql.md', 'CREATE TABLE').code
const grants = block('docs/postgresql.md', 'GRANT').code

t.test('the table that the page tells is the one that createTable makes', async t => {
  const asked: string[] = []
  const client = {
    async query (text: string) {
      asked.push(text)
      return { rows: [] }
    }
  }
  await postgresStore({ client, schema: 'auth' }).createTable()
  const flat = (text: string) => text.replace(/\s+/g, ' ').trim()
  t.strictSame(asked.map(flat), [flat(ddl)])
})

t.test('the rights that the page grants are all that the store needs, but for making the table', async t => {
  const client = await PGlite.create()
  t.teardown(async () => await client.close())
  await client.exec(`CREATE ROLE app; CREATE SCHEMA auth; ${ddl}; ${grants} SET ROLE app`)
  const store = postgresStore({ client, schema: 'auth' })
  await t.rejects(store.createTable(), { code: '42501' })
  const key = 'identity:alice'
  t.equal(await store.replace(key, null, entityWith({ revision: 1 })), true)
  t.equal(await store.replace(key, 1, entityWith({ revision: 2 })), true)
  t.match(await store.get(key), { revision: 2 })
  t.same(await store.list(undefined, 10), [key])
  t.equal(await store.replace(key, 2, null), true)
})
