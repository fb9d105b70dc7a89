import { randomBytes } from 'node:crypto'
import pg from 'pg'
import t from 'tap'
import { lackingServer } from '../example/empty-database.js'
import { partitions, partitionSuite } from './partitions.js'

const { DATABASE_URL } = process.env

t.test('on PostgreSQL', { skip: lackingServer }, async t => {
  const schema = `totp_scale_${randomBytes(6).toString('hex')}`
  const client = new pg.Pool({ connectionString: DATABASE_URL, options: `-c search_path=${schema}` })
  t.teardown(async () => {
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.end()
  })
  await client.query(`CREATE SCHEMA ${schema}`)
  await client.query(partitions)
  await partitionSuite(t, client)
})
