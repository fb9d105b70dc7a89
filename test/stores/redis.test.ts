import t from 'tap'
import { InvalidOptionError } from '../../src/errors.js'
import { redisStore } from '../../src/stores/redis.js'
import { entityWith } from '../entity/documents.js'
import { untyped } from '../untyped.js'

const INFO = 'role:master\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n'

/** A client that answers with what a test wants, or throws it. */
function answering (...replies: unknown[]) {
  const asked: unknown[][] = []
  const answer = (how: string) => async (...args: unknown[]) => {
    asked.push([how, ...args])
    const reply = replies.shift()
    if (reply instanceof Error) throw reply
    return reply
  }
  return {
    asked,
    ioredis: { evalsha: answer('evalsha'), eval: answer('eval') },
    nodeRedis: { evalSha: answer('evalSha'), eval: answer('eval') }
  }
}

t.test('a script is sent by its hash, and in full only where it is unknown', async t => {
  const noScript = new Error('NOSCRIPT No matching script. Please use EVAL.')
  const fake = answering(noScript, INFO, null, 'replaced')
  const store = redisStore({ client: fake.ioredis })
  t.equal(await store.get('identity:alice'), null)
  t.equal(await store.replace('identity:alice', null, entityWith()), true)
  t.match(fake.asked.map(([how, script, count, ...rest]) => [how, String(script).length, count, rest[0]]), [
    ['evalsha', 40, 0, undefined], ['eval', Number, 0, undefined], ['evalsha', 40, 1, 'totp:identity:alice'],
    ['evalsha', 40, 1, 'totp:identity:alice']
  ])

  const other = answering(noScript, INFO, noScript, `7 ${'0'.repeat(36)} {"revision":7}`, 'kept')
  const another = redisStore({ client: other.nodeRedis, prefix: '' })
  t.same(await another.get('identity:alice'), { revision: 7 })
  t.equal(await another.replace('identity:alice', 8, null), false)
  t.match(other.asked.map(([how, , options]) => [how, options]), [
    ['evalSha', { keys: [], arguments: [] }], ['eval', { keys: [], arguments: [] }],
    ['evalSha', { keys: ['identity:alice'] }], ['eval', { keys: ['identity:alice'] }],
    ['evalSha', { keys: ['identity:alice'], arguments: ['8', ''] }]
  ])
})

t.test('an answer that no server gives to this is a rejection', async t => {
  const junk = [undefined, 1, 0, true, false, 'OK', 'true', '', {}, [], Buffer.from('replaced'), 'QUEUED']
  for (const reply of junk) {
    const store = redisStore({ client: answering(INFO, reply, reply, reply, reply).ioredis })
    await t.rejects(store.replace('identity:alice', null, entityWith()))
    await t.rejects(store.get('identity:alice'))
    if (typeof reply !== 'string') await t.rejects(store.list(undefined, 1))
  }
  for (const page of [...junk, [], ['0'], [0, []], ['0', null]]) {
    await t.rejects(redisStore({ client: answering(INFO, 'totp:', page).ioredis }).list(undefined, 1))
  }
})

t.test('a list asks every server of a cluster until it is through, and gives each key once, in order', async t => {
  const one = answering(INFO, ['5', ['totp:b', 'totp:a']], ['0', ['totp:b']])
  const two = answering(INFO, ['0', ['totp:c', 'totp:a']])
  const ends = [one, two].map(({ ioredis }) => ioredis)
  const client = { ...answering('totp:').ioredis, nodes: () => ends }
  t.same(await redisStore({ client }).list(undefined, 5), ['a', 'b', 'c'])
  t.equal(one.asked.length, 3)

  const three = answering(INFO, ['0', ['totp:c', 'totp:a']])
  const cluster = { ...answering('totp:').nodeRedis, masters: [three], nodeClient: async () => three.nodeRedis }
  t.same(await redisStore({ client: cluster }).list('a', 5), ['c'])
})

t.test('a server whose settings nobody can know is refused, unless loss is allowed', async t => {
  const forbidden = () => answering(new Error('NOPERM this user has no permissions'), null).ioredis
  await t.rejects(redisStore({ client: forbidden() }).get('identity:alice'), { message: /unknown \(it refuses INFO: NOPERM/ })
  t.equal(await redisStore({ client: forbidden(), allowLoss: true }).get('identity:alice'), null)
  const silent = () => answering('redis_version:9', null).ioredis
  await t.rejects(redisStore({ client: silent() }).get('identity:alice'), { message: /aof_enabled is unknown/ })
  t.equal(await redisStore({ client: silent(), allowLoss: true }).get('identity:alice'), null)
  const replica = answering(INFO.replace('master', 'slave')).ioredis
  await t.rejects(redisStore({ client: replica, allowLoss: true }).checkServer(), { message: /is a replica/ })
})

t.test('a connection that breaks says nothing of the server, which is asked again', async t => {
  for (const allowLoss of [true, false]) {
    const fake = answering(new Error('Connection is closed.'), INFO, null, null)
    const store = redisStore({ client: fake.ioredis, allowLoss })
    await t.rejects(store.get('identity:alice'), { message: 'Connection is closed.' })
    t.equal(await store.get('identity:alice'), null)
    t.equal(await store.get('identity:alice'), null)
    t.equal(fake.asked.length, 4, 'once it has answered it is not asked any more')
  }
})

t.test('what is no client is refused at once', async t => {
  for (const client of [undefined, null, 'redis://127.0.0.1', {}, { get () {} }]) {
    t.throws(() => redisStore({ client: untyped(client) }), { constructor: InvalidOptionError, message: /"client"/ })
  }
})
