import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { postgresStore } from '../../src/index.js'
import { IN_FLIGHT, type Database } from './database.js'

const TABLE = 'totp_entities'
/** Of the clock that /proc counts processor time with. */
const TICKS_PER_SECOND = 100

/** A database of its own on the PostgreSQL server at `url`. */
export async function postgresDatabase (url: string): Promise<Database> {
  const server = new pg.Pool({ connectionString: url, max: 1 })
  const database = `totp_growth_${randomBytes(6).toString('hex')}`
  await server.query(`CREATE DATABASE ${database}`)
  const own = new URL(url)
  own.pathname = `/${database}`
  const client = new pg.Pool({ connectionString: own.href, max: IN_FLIGHT })
  const store = postgresStore({ client, table: TABLE })
  await store.createTable()

  async function numberOf (expression: string): Promise<number> {
    const { rows: [row] } = await client.query<{ number: string }>(`SELECT (${expression})::text AS number`)
    return Number(row?.number)
  }

  return {
    name: 'PostgreSQL',
    store,

    async sizes () {
      await client.query(`VACUUM (ANALYZE) ${TABLE}`)
      const rows = await numberOf(`pg_relation_size('${TABLE}')`)
      const all = await numberOf(`pg_table_size('${TABLE}')`)
      return { rows, 'out of line': all - rows, index: await numberOf(`pg_indexes_size('${TABLE}')`) }
    },

    logged: async () => await numberOf("pg_current_wal_insert_lsn() - '0/0'"),
    processorTime: async () => processorTimeBeside(await numberOf('pg_backend_pid()')),

    async close () {
      await client.end()
      await server.query(`DROP DATABASE ${database}`)
      await server.end()
    }
  }
}

/** Of a process on this machine, and of all that have the same parent: one server's. */
function processorTimeBeside (pid: number): number {
  try {
    const processes = readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(statOf)
    const parent = processes.find(process => process.pid === pid)?.parent
    const siblings = processes.filter(process => process.parent === parent && parent !== undefined)
    if (siblings.length === 0) return NaN
    return siblings.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND
  } catch {
    return NaN
  }
}

/** Nothing of a process that has ended meanwhile. */
function statOf (name: string): Array<{ pid: number, parent: number, ticks: number }> {
  try {
    const [, rest = ''] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')
    const fields = rest.split(' ')
    const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number)
    return [{ pid: Number(name), parent: parent ?? NaN, ticks: (user ?? NaN) + (system ?? NaN) }]
  } catch {
    return []
  }
}
