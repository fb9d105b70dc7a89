import pg from 'pg'
import t from 'tap'
import { postgresStore } from '../../src/index.js'
import { underFlood } from './flood.js'

const { DATABASE_URL = '' } = process.env

t.test('a flood keeps neither operators nor codes waiting, in two processes on one PostgreSQL', {
  skip: DATABASE_URL === '' && 'needs DATABASE_URL'
}, async t => {
  const table = `floods_${process.pid}`
  // Two pools, as two processes have.
  const pool = () => new pg.Pool({ connectionString: DATABASE_URL })
  const [one, two] = [pool(), pool()]
  t.teardown(async () => {
    await one.query(`DROP TABLE IF EXISTS ${table}`)
    await Promise.all([one.end(), two.end()])
  })
  const stores = [postgresStore({ client: one, table }), postgresStore({ client: two, table })] as const
  await stores[0].createTable()
  await underFlood(t, stores)
})
