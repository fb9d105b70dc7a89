import type { Test } from 'tap'
import { postgresStore, type PostgresClient } from '../../src/index.js'
import { storeSuite } from '../../src/testing.js'
import { keyOf } from '../../src/verifier/entities.js'
import { entityWith } from '../entity/documents.js'
import { block } from './pages.js'

/** Creates the partitions, in PostgreSQL's own words. */
export const partitions = block('docs/scale.md', 'PARTITION BY HASH').code

const KEYS = Array.from({ length: 200 }, (_, i) => keyOf(`user-${i}`))

/** What the page says of the partitions, tried on a database that has them. */
export async function partitionSuite (t: Test, client: PostgresClient): Promise<void> {
  await t.test('partitions keep the promises of a store', async t => {
    storeSuite({ test: t.test, factory: () => postgresStore({ client }) })
  })

  await t.test('createTable leaves them alone, all are used, and a key asks one of them', async t => {
    const store = postgresStore({ client })
    await store.createTable()
    for (const key of KEYS) await store.replace(key, null, entityWith({ revision: 1 }))
    const { rows } = await client.query<{ name: string }>('SELECT DISTINCT tableoid::text AS name FROM totp_entities')
    t.equal(rows.length, 16)
    const plan = await client.query<Record<string, string>>(
      `EXPLAIN SELECT document FROM totp_entities WHERE key = '${keyOf('user-1')}'`)
    const named = plan.rows.flatMap(row => Object.values(row)).join('\n').match(/totp_entities_\d+\b/g)
    t.equal(new Set(named).size, 1)
  })
}
