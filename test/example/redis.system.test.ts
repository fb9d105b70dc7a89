import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { Session } from 'fastify'
import { Redis } from 'ioredis'
import t from 'tap'
import { requireKeys } from '../../example/site/key-check.js'
import { redisCheckValue } from '../../example/site/redis.js'
import { redisSessions } from '../../example/site/redis-sessions.js'
import { lackingProgram, redisServer } from '../stores/redis-server.js'
import { runExample, temporaryFolder } from './example-server.js'
import { guest } from './guest.js'

type Done<T> = (error?: unknown, value?: T) => void

const now = () => Math.floor(Date.now() / 1000)

t.test('with Redis instead of a database', { skip: lackingProgram }, async t => {
  const server = await redisServer(t)
  const client = new Redis(server.port)
  t.teardown(() => client.disconnect())

  await t.test('instances that share it act as one site', async t => {
    const shared = {
      REDIS_URL: server.url,
      PORT: '0',
      SESSION_SECRET: randomBytes(32).toString('hex'),
      TOTP_KEYS: randomBytes(32).toString('base64')
    }
    const start = async (env = {}) => runExample(t, { ...shared, DATA_DIR: await temporaryFolder(t), ...env })
    const [one, two] = await Promise.all([start(), start()])
    const urls = await Promise.all([one.url, two.url])

    const alice = guest(urls[0])
    await alice.login('alice')
    const at = now()
    const factor = await alice.enrollVerified(at)
    const there = guest(urls[1], new Map(alice.cookies))
    t.match(await there.vault(), { status: 200 })
    t.match(await there.challenge(factor.code(at)), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
    t.match((await there.request('GET', '/admin/report')).json(), { loggedIn: 1 })
    t.match(await there.logout(), { status: 204 })
    t.match(await alice.vault(), { status: 401 })

    const TOTP_KEYS = randomBytes(32).toString('base64')
    t.match(await (await start({ TOTP_KEYS })).ended, { exitCode: 1, stderr: /other keys/ })
    process.kill(one.pid, 'SIGTERM')
    t.match(await one.ended, { exitCode: 0, stderr: '' })
  })

  await t.test('ended sessions stay ended', async t => {
    const sessions = redisSessions(client)
    const get = promisify((sid: string, done: Done<Session | null>) => sessions.get(sid, done))
    const set = promisify((sid: string, session: Session, done: Done<void>) =>
      sessions.set(sid, session, done))
    const destroy = promisify((sid: string, done: Done<void>) => sessions.destroy(sid, done))
    const session = (login: string): Session => ({ cookie: { originalMaxAge: null }, userId: 'a\0b', login })

    await set('s1', session('l1'))
    t.equal(await get('s1'), null, 'a session counts once its login has started')
    await sessions.begin('l1')
    t.same(await get('s1'), session('l1'))
    await set('s0', { cookie: { originalMaxAge: null } })
    t.equal(await get('s0'), null)

    await destroy('s1')
    await set('s1', session('l1'))
    t.equal(await get('s1'), null, 'a write to a destroyed session is dropped')
    await set('s2', session('l1'))
    t.same(await get('s2'), session('l1'), 'the login continues with another session id')

    const note: Session = Object.assign({ cookie: { originalMaxAge: null } }, { totpRotated: 's5' })
    await set('s4', { ...session('l1'), userId: '"totpRotated":' })
    await set('s4', session('l1'))
    await set('s4', note)
    await set('s4', session('l1'))
    t.same(await get('s4'), note, 'the note of a rotated session stays')
    await set('s1', note)
    t.equal(await get('s1'), null, 'and revives nothing')

    await sessions.end('l1')
    t.equal(await get('s2'), null)
    await t.resolves(set('s2', session('l1')))
    await t.rejects(set('s3', session('l1')), { code: 'EXAMPLE_UNAVAILABLE', message: /unavailable/ })
    for (const sid of ['s1', 's2', 's3']) t.equal(await get(sid), null)
    t.equal(await sessions.count(), 0)
    const passing = await client.keys('example:[^lk]*')
    t.ok(passing.length > 1)
    for (const key of passing) t.ok(await client.ttl(key) > 0, `${key} goes by itself`)
  })

  await t.test('of instances with different keys that start at the same time, one starts', async t => {
    const [first, second] = [randomBytes(32), randomBytes(32)]
    await client.del('example:key-check')
    const starts = [[first], [second]].map(async keys => await requireKeys(redisCheckValue(client), keys))
    const [begun] = (await Promise.allSettled(starts)).map(({ status }) => status === 'fulfilled')
    t.ok(begun === true || begun === false)
    const [old, other] = begun === true ? [first, second] : [second, first]
    await t.rejects(requireKeys(redisCheckValue(client), [other]), { message: /other keys/ })
    await t.resolves(requireKeys(redisCheckValue(client), [other, old]))
    await t.rejects(requireKeys(redisCheckValue(client), [old]), { message: /other keys/ })
    t.equal(await redisCheckValue(client).change('another', 'value'), false)
  })

  await t.test('the log warns of a server that may lose documents', async t => {
    const forgetful = await redisServer(t, '--appendonly', 'no')
    const env = { REDIS_URL: forgetful.url, PORT: '0', DATA_DIR: await temporaryFolder(t) }
    const { url, ended, pid } = runExample(t, env)
    await url
    process.kill(pid, 'SIGTERM')
    t.match(await ended, { exitCode: 0, stderr: /may lose documents.*aof_enabled is 0/ })
  })

  await t.test('without its server the example reports why it can\'t start', async t => {
    const mortal = await redisServer(t)
    await mortal.kill()
    const { ended } = runExample(t, { REDIS_URL: mortal.url, PORT: '0', DATA_DIR: await temporaryFolder(t) })
    t.match(await ended, { exitCode: 1, stdout: '', stderr: /^fastify-verify-totp example: .*ECONNREFUSED.*\n$/ })
  })
})
