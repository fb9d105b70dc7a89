import type { PGlite } from '@electric-sql/pglite'
import {
  Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql, type CompiledQuery, type Dialect
} from 'kysely'
import t from 'tap'
import type { Entity, EntityStore } from '../../src/index.js'
import { storeSuite } from '../../src/testing.js'
import { openPglite } from '../pglite.js'

interface Tables {
  totp_entities: { key: string, revision: number, document: string }
}

/** As the README sketches it. */
function kyselyStore (db: Kysely<Tables>): EntityStore {
  const rows = 'totp_entities'

  async function get (key: string): Promise<Entity | null> {
    const row = await db.selectFrom(rows).select('document').where('key', '=', key).executeTakeFirst()
    return row === undefined ? null : JSON.parse(row.document)
  }

  return {
    get,

    async replace (key, expected, next) {
      if (db.isTransaction) throw new Error('in a transaction a used code could be rolled back')
      if (next === null && expected === null) return await get(key) === null
      if (next === null) {
        const gone = await db.deleteFrom(rows).where('key', '=', key).where('revision', '=', expected).executeTakeFirst()
        return gone.numDeletedRows === 1n
      }
      const { revision } = next
      const document = JSON.stringify(next)
      if (expected === null) {
        const made = await db.insertInto(rows).values({ key, revision, document })
          .onConflict(conflict => conflict.doNothing()).executeTakeFirst()
        return made.numInsertedOrUpdatedRows === 1n
      }
      const changed = await db.updateTable(rows).set({ revision, document })
        .where('key', '=', key).where('revision', '=', expected).executeTakeFirst()
      return changed.numUpdatedRows === 1n
    }
  }
}

/** Kysely over PGlite. */
function dialect (client: PGlite): Dialect {
  const connection = {
    async executeQuery<Row> ({ sql, parameters }: CompiledQuery) {
      const { rows, affectedRows = 0 } = await client.query<Row>(sql, [...parameters])
      return { rows, numAffectedRows: BigInt(affectedRows) }
    },
    async * streamQuery () { throw new Error('nothing is streamed') }
  }
  const done = async () => {}
  const begin = async () => { await client.exec('BEGIN') }
  const rollback = async () => { await client.exec('ROLLBACK') }
  const driver = {
    init: done,
    acquireConnection: async () => connection,
    releaseConnection: done,
    beginTransaction: begin,
    commitTransaction: rollback,
    rollbackTransaction: rollback,
    destroy: done
  }
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => driver,
    createIntrospector: db => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler()
  }
}

t.test('a store by a query builder keeps the promises of a store', async t => {
  const client = await openPglite(t)
  const db = new Kysely<Tables>({ dialect: dialect(client) })
  await db.schema.createTable('totp_entities')
    .addColumn('key', sql`text COLLATE "C"`, column => column.primaryKey())
    .addColumn('revision', 'bigint', column => column.notNull())
    .addColumn('document', 'text', column => column.notNull()).execute()

  await t.test('in a transaction nothing is written', async t => {
    await t.rejects(db.transaction().execute(async transaction =>
      await kyselyStore(transaction).replace('identity:alice', null, null)), { message: /transaction/ })
  })
  storeSuite({ test: t.test, factory: () => kyselyStore(db) })
})
