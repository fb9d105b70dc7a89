import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openPool, openRedis } from '../../src/cli/drivers.js'
import { postgresStore, redisStore, twilioProvider } from '../../src/index.js'
import { fakeTwilio, storeSuite, testClock } from '../../src/testing.js'
import { compiled } from '../docs/program.js'
import { ROOT } from '../root.js'
import { site } from '../site.js'
import { standIn } from '../verify-api/stand-in.js'
import { imported, installedVersion, lackingLowest, LOWEST, lowest } from './lowest.js'

/* Every other test has the highest version of these packages. */

const { DATABASE_URL = '', REDIS_URL = '' } = process.env

async function postgresSuite (t: Test): Promise<void> {
  const { default: { Pool } } = await imported('pg')
  const table = `totp_${randomBytes(6).toString('hex')}`
  const open = (options: object) => {
    const client = new Pool(options)
    t.teardown(async () => await client.end())
    return client
  }
  const client = open({ connectionString: DATABASE_URL })
  t.teardown(async () => await client.query(`DROP TABLE ${table}`))
  const stores = [false, true].map(prepare => postgresStore({ client, table, prepare }))
  await stores[0]?.createTable()
  const broken = () => postgresStore({ client: open({ host: '127.0.0.1', port: 1 }) })
  storeSuite({ test: t.test, factory: () => stores.pop() ?? broken(), broken })
}

async function redisSuite (t: Test): Promise<void> {
  const { default: Redis } = await imported('ioredis')
  const { createClient } = await imported('redis')
  const prefix = `totp-lowest-${randomBytes(6).toString('hex')}:`
  const older = new Redis(REDIS_URL)
  t.teardown(() => older.disconnect())
  const newer = createClient({ url: REDIS_URL })
  await newer.connect()
  t.teardown(async () => await newer.disconnect())
  const offline = new Redis({ port: 1, lazyConnect: true, enableOfflineQueue: false })
  offline.on('error', () => {})
  t.teardown(() => offline.disconnect())
  const stores = [older, newer].map(client => redisStore({ client, prefix, allowLoss: true }))
  storeSuite({
    test: t.test,
    factory: () => stores.pop() ?? redisStore({ client: older }),
    broken: () => redisStore({ client: offline })
  })
}

/** A folder outside the project, as of a team that has these versions. */
function teamFolder (t: Test): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lowest-')))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  mkdirSync(join(folder, 'node_modules'))
  const link = (from: string, name: string) => symlinkSync(from, join(folder, 'node_modules', name))
  for (const name of readdirSync(LOWEST)) if (!name.startsWith('.')) link(join(LOWEST, name), name)
  link(ROOT, 'fastify-verify-totp')
  return folder
}

t.test('the lowest versions of the packages whose clients we take', {
  skip: lackingLowest
}, async t => {
  await t.test('are these', async t => {
    for (const [name, version] of Object.entries(lowest)) {
      // An alias ends with its version.
      t.equal(installedVersion(name), version.split('@').at(-1), name)
    }
  })

  await t.test('pg', { skip: DATABASE_URL === '' && 'needs DATABASE_URL' }, postgresSuite)
  await t.test('ioredis and redis', { skip: REDIS_URL === '' && 'needs REDIS_URL' }, redisSuite)

  await t.test('the commands open pg and ioredis', {
    skip: (DATABASE_URL === '' || REDIS_URL === '') && 'needs DATABASE_URL and REDIS_URL'
  }, async t => {
    const pool = await openPool(DATABASE_URL, async () => await imported('pg'))
    t.same((await pool.client.query('SELECT 1::int AS one')).rows, [{ one: 1 }])
    await pool.close()
    const redis = await openRedis(REDIS_URL, async () => await imported('ioredis'))
    t.equal(await redis.client.eval('return 1', 0), 1)
    await redis.close()
    const unreachable = openRedis('redis://127.0.0.1:1', async () => await imported('ioredis'))
    await t.rejects(unreachable, { code: 'ECONNREFUSED' })
  })

  await t.test('twilio in tests of applications', async t => {
    const { default: twilio } = await imported('twilio')
    const clock = testClock()
    const provider = twilioProvider(await fakeTwilio({ twilio, clock }))
    const { login } = await site(t, { totp: { provider, clock } })
    const alice = await login('alice')
    const { code } = await alice.enrollVerified(clock())
    clock.advance(30)
    t.match(await alice.challenge(code(clock())), { status: 200 })
  })

  await t.test('twilio', async t => {
    const verify = await standIn(t)
    const { default: twilio } = await imported('twilio')
    const client = twilio(verify.accountSid, verify.authToken)
    client.verify.baseUrl = verify.baseUrl
    const provider = twilioProvider({ client, serviceSid: verify.serviceSid })
    const { app, events, login } = await site(t, { totp: { provider, clock: verify.now } })
    const alice = await login('alice')
    const phone = await alice.enroll()
    const wrong = phone.wrongCode(verify.now())
    t.match(await alice.post(`/totp/factors/${phone.sid}/verify`, { code: wrong }), { status: 403 })
    t.match(await alice.post(`/totp/factors/${phone.sid}/verify`, { code: phone.code(verify.now()) }), { status: 200 })
    t.match(await alice.vault(), { status: 200 })
    const again = await login('alice')
    t.match(await again.challenge(wrong), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
    t.match(await again.challenge(phone.code(verify.now() + 30)), { status: 200 })
    t.match(await again.vault(), { status: 200 })
    await app.totp.remove({ identity: 'alice', operator: true }, phone.sid)
    t.match(await again.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
    t.notOk(events.some(({ type }) => type === 'factor.leftover'), 'nothing is left at Twilio')
    const [entity] = await verify.client.verify.v2.services(verify.serviceSid).entities.list()
    const factors = verify.client.verify.v2.services(verify.serviceSid).entities(entity?.identity ?? '').factors
    t.same(await factors.list(), [])

    const theirs = verify.client.verify.v2.services(verify.serviceSid).entities('customer-0001')
    const { sid } = await theirs.newFactors.create({ friendlyName: 'Phone', factorType: 'totp' })
    await t.rejects(provider.fetch({ serviceSid: verify.serviceSid, identity: 'customer-0001', sid }), {
      message: /not a verified TOTP factor/
    })
  })

  await t.test('have types that fit', async t => {
    const code = `
      import { createClient, createCluster } from 'redis'
      import twilio from 'twilio'
      import { redisStore, twilioProvider } from 'fastify-verify-totp'
      redisStore({ client: createClient() })
      redisStore({ client: createCluster({ rootNodes: [] }) })
      twilioProvider({ client: twilio('AC', 'token'), serviceSid: 'VA' })`
    t.strictSame(compiled([{ page: 'lowest.md', line: 1, language: 'ts', code }], teamFolder(t)).faults, [])
  })
})
