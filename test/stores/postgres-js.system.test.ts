import { randomBytes } from 'node:crypto'
import postgres, { type ParameterOrJSON } from 'postgres'
import t from 'tap'
import { storeSuite } from '../../src/testing.js'
import { postgresStore } from '../../src/stores/postgres.js'

const { DATABASE_URL = '' } = process.env

t.test('postgres.js in the place of pg takes two lines', { skip: DATABASE_URL === '' && 'needs DATABASE_URL' }, async t => {
  const sql = postgres(DATABASE_URL, { onnotice: () => {} })
  const table = `totp_${randomBytes(6).toString('hex')}`
  const store = postgresStore({
    table,
    client: {
      query: async <Row extends Record<string, unknown>>(text: string, values: unknown[] = []) =>
        ({ rows: await sql.unsafe<Row[]>(text, values as Array<ParameterOrJSON<never>>) })
    }
  })
  await store.createTable()
  await t.test('it keeps the promises of a store', async t => storeSuite({ test: t.test, factory: () => store }))
  await sql.unsafe(`DROP TABLE ${table}`)
  await sql.end()
})
