import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import pg from 'pg'
import t, { type Test } from 'tap'
import { postgresStore, redisStore, type EntityStore } from '../../src/index.js'
import { emptyDatabase, lackingServer } from '../example/empty-database.js'
import { lacking } from '../example/programs.js'
import { site } from '../site.js'
import { lackingProgram, redisServer } from '../stores/redis-server.js'
import { ownStore } from './own-store.js'
import { PROGRAM } from './program.js'

/** The database may be dropped before the last connection has ended, which is an error of an idle client. */
function poolOf (url: string): pg.Pool {
  return new pg.Pool({ connectionString: url }).on('error', () => {})
}

/** Runs a shell command in which `totp` is the program. */
async function shell (line: string, env: Record<string, string>) {
  const script = `set -o pipefail; totp () { "${process.execPath}" "${PROGRAM}" "$@"; }; ${line}`
  try {
    const run = promisify(execFile)
    return { exitCode: 0, ...await run('bash', ['--norc', '-c', script], { env: { PATH: process.env['PATH'] ?? '', ...env } }) }
  } catch (error) {
    const { code = null, stdout = '', stderr = '' } = Object(error)
    return { exitCode: code, stdout, stderr }
  }
}

t.test('entities move from PostgreSQL to Redis and are resealed there', { skip: lackingServer || lackingProgram }, async t => {
  const url = await emptyDatabase(t)
  const pool = poolOf(url)
  const server = await redisServer(t)
  const redis = new Redis(server.port)
  t.teardown(async () => { redis.disconnect(); await pool.end() })
  const [old, fresh] = [randomBytes(32), randomBytes(32)]
  const from = postgresStore({ client: pool, table: 'people' })
  await from.createTable()
  const before = await site(t, { totp: { store: from, keys: [old] } })
  const phone = await (await before.login('alice')).enrollVerified(before.now())
  for (let i = 0; i < 40; i++) await (await before.login(`user-${i}`)).enroll()

  const env = { FROM: url, TO: server.url, TOTP_KEYS: [fresh, old].map(key => key.toString('base64')).join(',') }
  t.match(await shell('totp export --database-url "$FROM" --table people | totp import --redis-url "$TO" --prefix p:', env), {
    exitCode: 0, stdout: '', stderr: /41 exported[^]*41 imported|41 imported[^]*41 exported/
  })
  t.same(await shell('REDIS_URL="$TO" totp reseal --prefix p:', env), {
    exitCode: 0, stdout: '', stderr: '41 identities: 41 resealed\n'
  })
  const after = await site(t, { totp: { store: redisStore({ client: redis, prefix: 'p:' }), keys: [fresh] } })
  t.match(await (await after.login('alice')).challenge(phone.code(after.now() + 30)), { status: 200 })

  t.match(await shell('DATABASE_URL="$FROM" totp report --table people | head -n 1', env), { stdout: /^".*\n$/ },
    'the reader may close the pipe early')
  t.match(await shell('totp export --database-url "$FROM" --table people | totp import --redis-url redis://127.0.0.1:1', env), {
    exitCode: 1, stderr: /the server at 127.0.0.1:1 can't be used: .*ECONNREFUSED/
  })
  t.match(await shell('totp report --database-url "$FROM" --table nowhere', env), { exitCode: 1, stderr: /"nowhere" does not exist/ })
})

t.test('a Redis server that may lose documents is rejected without --allow-loss', { skip: lackingProgram }, async t => {
  const { url } = await redisServer(t, '--appendonly', 'no')
  t.match(await shell('totp report --redis-url "$TO"', { TO: url }), { exitCode: 1, stderr: /aof_enabled is 0/ })
  t.match(await shell('totp report --redis-url "$TO" --allow-loss', { TO: url }), { exitCode: 0, stderr: '0 identities\n' })
})

t.test('an operator helps one user, in PostgreSQL', { skip: lackingServer }, async t => {
  const url = await emptyDatabase(t)
  const pool = poolOf(url)
  t.teardown(async () => await pool.end())
  const store = postgresStore({ client: pool, table: 'people' })
  await store.createTable()
  await helped(t, store, { DATABASE_URL: url, WHERE: '--table people' })
  const { exitCode, stderr } = await shell('totp pass alice --by anna --table nowhere', { DATABASE_URL: url })
  t.match({ exitCode, stderr }, { exitCode: 1, stderr: /"nowhere" does not exist/ })
})

t.test('each command needs no more rights on the table than the docs say', { skip: lackingServer }, async t => {
  const url = await emptyDatabase(t)
  const pool = poolOf(url)
  const role = `totp_${randomBytes(8).toString('hex')}`
  await pool.query(`CREATE ROLE ${role}`)
  try {
    await withRole(t, { url, pool, role })
  } finally {
    await pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    await pool.end()
  }
})

async function withRole (
  t: Test, { url, pool, role }: { url: string, pool: pg.Pool, role: string }
): Promise<void> {
  const store = postgresStore({ client: pool })
  await store.createTable()
  const key = randomBytes(32)
  const { login, now } = await site(t, { totp: { store, keys: [key] } })
  const phone = await (await login('alice')).enrollVerified(now())
  const env = { DATABASE_URL: `${url}?options=${encodeURIComponent(`-c role=${role}`)}`, TOTP_KEYS: key.toString('base64') }
  const rights: Array<[command: string, rights: string]> = [
    ['show alice', 'SELECT'],
    ['report', 'SELECT'],
    ['pass --by anna alice', 'SELECT, UPDATE'],
    ['unlock alice', 'SELECT, UPDATE'],
    ['revoke alice', 'SELECT, UPDATE'],
    ['move --yes alice bob', 'SELECT, INSERT, UPDATE, DELETE'],
    [`remove --yes bob ${phone.sid}`, 'SELECT, UPDATE'],
    ['reset --yes bob', 'SELECT, DELETE']
  ]
  for (const [command, granted] of rights) {
    await pool.query(`REVOKE ALL ON totp_entities FROM ${role}; GRANT ${granted} ON totp_entities TO ${role}`)
    t.match(await shell(`totp ${command}`, env), { exitCode: 0 }, command)
  }
  await pool.query(`REVOKE ALL ON totp_entities FROM ${role}; GRANT SELECT, UPDATE ON totp_entities TO ${role}`)
  await (await login('alice')).enrollVerified(now())
  t.match(await shell('totp move --yes alice bob', env), {
    exitCode: 1, stderr: /"alice" is refused until you run move alice bob again: permission denied for table totp_entities\n$/
  })
  await pool.query(`GRANT INSERT, DELETE ON totp_entities TO ${role}`)
  t.match(await shell('totp move --yes alice bob', env), { exitCode: 0, stdout: '"alice": moved\n' })
}

t.test('an operator helps one user, in Redis', { skip: lackingProgram }, async t => {
  const server = await redisServer(t)
  const redis = new Redis(server.port)
  t.teardown(() => { redis.disconnect() })
  await helped(t, redisStore({ client: redis, prefix: 'p:' }), { REDIS_URL: server.url, WHERE: '--prefix p:' })
})

async function helped (t: Test, store: EntityStore, env: Record<string, string>): Promise<void> {
  const key = randomBytes(32)
  const clock = () => Math.floor(Date.now() / 1000)
  const { login } = await site(t, { totp: { store, keys: [key], clock } })
  const alice = await login('-alice')
  const phone = await alice.enrollVerified(clock())
  const totp = async (command: string, line = `totp ${command} $WHERE`) =>
    await shell(line, { ...env, TOTP_KEYS: key.toString('base64') })
  const shown = await totp('', 'totp show --json $WHERE -- -alice')
  t.match(JSON.parse(shown.stdout), { identity: '-alice', factors: [{ sid: phone.sid }], recovery: { remaining: 10 } })

  for (let i = 0; i < 5; i++) await alice.challenge(phone.wrongCode(clock()))
  t.match(await totp('', 'totp unlock $WHERE -- -alice'), { exitCode: 0, stdout: '"-alice": unlocked\n', stderr: '' })
  t.match(await totp('', 'totp revoke $WHERE -- -alice'), { exitCode: 0, stdout: '"-alice": revoked\n', stderr: '' })
  t.match(await alice.vault(), { status: 403 })
  t.match(await totp('', 'totp move --yes $WHERE -- -alice alice'), { exitCode: 0, stdout: '"-alice": moved\n' })
  const moved = await login('alice')
  const { stdout: code } = await totp('pass --by anna alice')
  t.match(await moved.post('/totp/recovery', { code }), { status: 200 }, 'with the line\'s end, as it was copied')
  t.match(await moved.vault(), { status: 200 })
  t.match(await totp('reset alice'), { exitCode: 2, stdout: '', stderr: /add --yes/ })
  t.match(await totp(`remove --yes alice ${phone.sid}`), { exitCode: 0, stdout: '"alice": removed\n' })
  t.match(await totp('reset --yes alice'), { exitCode: 0, stdout: '"alice": reset\n' })
  t.match(await totp('show alice'), { exitCode: 3, stdout: '', stderr: /nothing is kept about this identity/ })
  t.equal(await store.get('identity:alice'), null)
}

t.test('at a terminal an operator is asked', { skip: lacking('script') }, async t => {
  const { store, module } = await ownStore(t)
  const { login, now } = await site(t, { totp: { store } })
  await (await login('alice')).enrollVerified(now())
  const reset = async (answer: string) => await shell(
    'printf "%s\\n" "$ANSWER" | script -qec "$NODE $PROGRAM reset alice --store $STORE" /dev/null',
    { ANSWER: answer, NODE: process.execPath, PROGRAM, STORE: module })
  t.match(await reset('no'), { exitCode: 1, stdout: /Type yes to go on: [^]*nothing was changed/ })
  t.ok(await store.get('identity:alice'))
  t.match(await reset('yes'), { exitCode: 0, stdout: /"alice": reset/ })
  t.equal(await store.get('identity:alice'), null)
})
