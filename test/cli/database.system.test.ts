import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { challenge, enroll } from './client.js'
import { serving } from './program.js'
import { temporaryFolder } from './environment.js'

const { DATABASE_URL = '' } = process.env
const SERVER = { skip: DATABASE_URL === '' && 'needs DATABASE_URL' }

/** An empty database that is dropped after the test, and a function that dumps its rows. */
async function emptyDatabase (t: Test) {
  const name = `cli_${randomBytes(6).toString('hex')}`
  const client = new pg.Client({ connectionString: DATABASE_URL })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  t.teardown(async () => {
    await client.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await client.end()
  })
  const url = new URL(DATABASE_URL)
  url.pathname = name
  return { url: url.href, dump: async () => await dump(url.href) }
}

async function dump (connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  const { rows: tables } = await client.query<{ name: string }>(
    'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1', ['public'])
  const rows = []
  for (const { name } of tables) rows.push((await client.query(`SELECT * FROM "${name}"`)).rows)
  await client.end()
  return JSON.stringify(rows)
}

t.test('processes that share a database and a key act as one server', SERVER, async t => {
  const { url, dump } = await emptyDatabase(t)
  const TOTP_KEYS = randomBytes(32).toString('base64')
  const data = join(await temporaryFolder(t), 'never')
  const start = () => serving(t, data, ['--database-url', url], { TOTP_KEYS })
  // All at the same time, on an empty database: the slower ones find the tables and the credentials there.
  const running = [start(), start(), start()]
  const [one, two, three] = await Promise.all(running.map(async ({ server }) => await server))
  if (one === undefined || two === undefined) throw new Error('the processes did not start')

  await t.test('processes that start at the same time agree on their credentials', async t => {
    for (const server of [two, three]) t.same({ ...server, baseUrl: '' }, { ...one, baseUrl: '' })
    await t.rejects(readdir(data), { code: 'ENOENT' }, 'and keep nothing in a directory')
  })

  await t.test('each process knows what the others stored', async t => {
    const { sid, secret, nextCode } = await enroll(one, 'alice-0001')
    const code = nextCode()
    const statuses = await Promise.all(Array.from({ length: 6 }, async (_, i) =>
      await challenge(i % 2 === 0 ? one : two, 'alice-0001', sid, code)))
    t.same(statuses.filter(status => status === 'approved'), ['approved'], 'a code works once')
    const kept = await dump()
    t.match(kept, one.accountSid)
    for (const unsealed of [one.authToken, secret, TOTP_KEYS, `"${code}"`]) t.notMatch(kept, unsealed)
  })

  await t.test('a later start has the same credentials, and one with another key fails', async t => {
    for (const { end } of running) t.match(await end('SIGTERM'), { exitCode: 0, stderr: '' })
    const { accountSid, authToken, serviceSid } = await start().server
    t.same({ accountSid, authToken, serviceSid, baseUrl: '' }, { ...one, baseUrl: '' })
    const stranger = await serving(t, await temporaryFolder(t), ['--database-url', url]).ended
    t.match(stranger, { exitCode: 1, stdout: '', stderr: /^fastify-verify-totp: .*another key.*TOTP_KEYS\n$/ })
  })
})

t.test('without TOTP_KEYS the processes share the key in the directory', SERVER, async t => {
  const { url } = await emptyDatabase(t)
  const data = await temporaryFolder(t)
  const [one, two] = [1, 2].map(() => serving(t, data, ['--database-url', url]))
  t.equal((await one?.server)?.authToken, (await two?.server)?.authToken)
  t.same(await readdir(data), ['totp-keys'])
})

t.test('a refused database connection is reported in one line, without the password', SERVER, async t => {
  const url = new URL(DATABASE_URL)
  url.password = 'hunter2'
  url.pathname = 'no_such_database'
  const { exitCode, stdout, stderr } = await serving(t, await temporaryFolder(t), ['--database-url', url.href]).ended
  t.match({ exitCode, stdout }, { exitCode: 1, stdout: '' })
  t.match(stderr, /^fastify-verify-totp: the database at \S+ can't be used: .*no_such_database.*\n$/)
  t.notMatch(stderr, 'hunter2')
})
