import { randomBytes } from 'node:crypto'
import t from 'tap'
import { memoryStore, type EntityStore } from '../../src/index.js'
import { report } from '../../src/operations.js'
import { KEY, site } from '../site.js'
import { enrolledThere, rewrite, there } from '../remote/there.js'

t.test('a report lists who is enrolled, with which factors, without secrets', async t => {
  const store = memoryStore()
  const { login, now, wait, app } = await site(t, { totp: { store } })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now(), 'Phone')
  const draft = await (await login('bob')).enroll()
  const carol = await login('carol')
  const [first, second] = [await carol.enrollVerified(now(), 'One'), await carol.enrollVerified(now(), 'Two')]
  wait(30)
  await carol.challenge(second.code(now()))
  await rewrite(store, entity => ({ ...entity, attempts: { ...entity.attempts, failures: 50, disabledAt: now() } }), 'carol')
  await (await login('dave')).enrollVerified(now())
  await app.totp.reset('dave')
  const service = await there(t, { totp: { store } })
  const sid = await enrolledThere(await service.login('erin'))

  const all = []
  for await (const reported of report({ store })) all.push(reported)
  const factor = ({ sid }: { sid: string }, friendlyName: string, lastUsedAt: number) => ({
    sid,
    friendlyName,
    status: 'verified',
    config: { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 },
    createdAt: now() - 30,
    verifiedAt: now() - 30,
    lastUsedAt,
    provider: 'embedded'
  })
  t.same(all.slice(0, 3), [
    { identity: 'alice', status: 'enrolled', factors: [factor(phone, 'Phone', now() - 30)], failures: 0, disabledAt: null },
    { identity: 'bob', status: 'unenrolled', factors: [], failures: 0, disabledAt: null },
    {
      identity: 'carol',
      status: 'enrolled',
      factors: [factor(first, 'One', now() - 30), factor(second, 'Two', now())],
      failures: 50,
      disabledAt: now()
    }
  ])
  t.match(all[3], { identity: 'erin', status: 'enrolled', factors: [{ sid, provider: 'twilio' }] })
  t.equal(all.length, 4)
  const kept = JSON.stringify(await Promise.all(['alice', 'bob', 'erin'].map(async name => await store.get(`identity:${name}`))))
  const secret = [phone.secret, draft.secret, ...kept.matchAll(/"(?:sealed|hash|tag|digest|identity)":"([^"]{20,})"/g)].flat()
  t.ok(secret.length > 8)
  for (const text of secret) t.notMatch(JSON.stringify(all), text)
})

t.test('an invalid document is reported and does not stop the report', async t => {
  const store = memoryStore()
  const { login, now } = await site(t, { totp: { store } })
  for (const identity of ['alice', 'bob']) await (await login(identity)).enrollVerified(now())
  const alice = await store.get('identity:alice')
  if (alice !== null) await store.replace('identity:al', null, alice)
  const all = []
  for await (const { identity, status, ...rest } of report({ store })) all.push([identity, status, 'reason' in rest && rest.reason])
  t.same(all, [
    ['al', 'refused', 'the document belongs to another identity'], ['alice', 'enrolled', false], ['bob', 'enrolled', false]
  ])
})

t.test('an identity deleted after it was listed is not enrolled', async t => {
  const store = { ...memoryStore(), list: async (after?: string) => after === undefined ? ['identity:alice'] : [] }
  for await (const reported of report({ store })) {
    t.same(reported, { identity: 'alice', status: 'unenrolled', factors: [], failures: 0, disabledAt: null })
  }
})

t.test('a value that is not a document is reported and does not stop the report', async t => {
  const store = memoryStore()
  const { login, now } = await site(t, { totp: { store } })
  for (const identity of ['alice', 'bob']) await (await login(identity)).enrollVerified(now())
  const damaged: EntityStore = {
    ...store,
    async get (key) {
      if (key === 'identity:alice') throw Object.assign(new Error('{"junk":'), { code: 'ERR_NO_DOCUMENT' })
      return await store.get(key)
    }
  }
  const all = []
  for await (const reported of report({ store: damaged })) all.push(reported)
  t.match(all, [
    { identity: 'alice', status: 'refused', reason: 'the stored value is not a document' }, { identity: 'bob', status: 'enrolled' }
  ])
})

t.test('with keys, identities whose secrets they don\'t open are refused', async t => {
  const store = memoryStore()
  const { login, now } = await site(t, { totp: { store } })
  await (await login('alice')).enrollVerified(now())
  await enrolledThere(await (await there(t, { totp: { store } })).login('bob'))
  const statuses = async (keys: Uint8Array[]) => {
    const all = []
    for await (const { status } of report({ store, keys })) all.push(status)
    return all
  }
  t.same(await statuses([randomBytes(32), KEY]), ['enrolled', 'enrolled'])
  t.same(await statuses([randomBytes(32)]), ['refused', 'refused'])
  await t.rejects(statuses([]), { code: 'ERR_TOTP_INVALID_OPTION', message: /"keys"/ })
})

t.test('an identity whose move was interrupted is refused', async t => {
  const store = memoryStore()
  const { login, now } = await site(t, { totp: { store } })
  await (await login('alice')).enrollVerified(now())
  await rewrite(store, entity => ({ ...entity, movingTo: 'bob' }))
  for await (const reported of report({ store })) {
    t.match(reported, { status: 'refused', reason: 'its move from or to another identity was interrupted: repeat it' })
  }
})
