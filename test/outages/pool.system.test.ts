import pg from 'pg'
import t, { type Test } from 'tap'
import { OURS, postgres, postgresDatabase, postgresUrl } from './database.js'
import { eventually, outage, REQUIRED, repeated, UNAVAILABLE } from './outage.js'

const options = { skip: postgres.lacking, timeout: 200_000 }
const MAX_CONNECTIONS = 24

t.test('connections that are all in use mean refusals, for as long', options, async t => {
  const database = await postgresDatabase(t, { max_connections: String(MAX_CONNECTIONS) })
  const { person, proxy, server, recovered, entity } = await outage(t, postgres, database)
  const { approved, unapproved, code, sameCode } = await person('alice')
  const right = code()

  async function refuses (t: Test): Promise<void> {
    const vaults = Array.from({ length: 10 }, () => [approved.vault(), unapproved.vault()]).flat()
    for (const answer of await Promise.all(vaults)) t.match(answer, UNAVAILABLE)
    t.match(await unapproved.challenge(right), UNAVAILABLE)
    t.match(await server.guest().request('GET', '/healthz'), { status: 200 })
  }

  await t.test('by statements that wait for a lock', async t => {
    const [before, waiting] = [await entity('alice'), "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"]
    const other = await connected(database.port)
    await other.query('BEGIN')
    await other.query('LOCK TABLE totp_entities IN ACCESS EXCLUSIVE MODE')
    await refuses(t)
    await eventually(async () => (await other.query(waiting)).rowCount === 0)
    t.pass('none of them waits on when nobody does')
    await other.query('COMMIT')
    await other.end()
    await recovered()
    t.strictSame(await entity('alice'), before, 'nor is it executed late')
  })

  await t.test('by a server that takes no more connections', async t => {
    const others: pg.Client[] = []
    const ours = `SELECT FROM pg_stat_activity WHERE application_name = '${OURS}'`
    await proxy.refuse()
    await proxy.heal()
    await eventually(async () => {
      await t.rejects(async () => { for (;;) others.push(await connected(database.port)) }, { code: '53300' })
      return (await database.client.query(ours)).rowCount === MAX_CONNECTIONS
    })
    await refuses(t)
    await Promise.all(others.map(async other => await other.end()))
  })

  t.match(await repeated(approved.vault), { status: 200 })
  await recovered()
  t.match(await unapproved.vault(), REQUIRED)
  t.match(await unapproved.challenge(sameCode()), { status: 200 })
})

async function connected (port: number): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgresUrl(port), application_name: OURS })
  client.on('error', () => {})
  await client.connect()
  return client
}
