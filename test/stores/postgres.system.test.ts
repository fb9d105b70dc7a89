import pg from 'pg'
import t from 'tap'
import { lackingServer } from '../example/empty-database.js'
import { postgresSuite } from './postgres-suite.js'

const { DATABASE_URL } = process.env

t.test('on PostgreSQL', { skip: lackingServer }, async t => {
  const pool = () => {
    const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 })
    t.teardown(async () => await pool.end())
    return pool
  }
  await postgresSuite(t, pool(), pool())
})
