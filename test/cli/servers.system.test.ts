import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import pg from 'pg'
import t from 'tap'
import { postgresStore, redisStore } from '../../src/index.js'
import { emptyDatabase, lackingServer } from '../example/empty-database.js'
import { site } from '../site.js'
import { lackingProgram, redisServer } from '../stores/redis-server.js'
import { PROGRAM } from './program.js'

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
  const pool = new pg.Pool({ connectionString: url })
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
