import t from 'tap'
import { memoryStore, type Entity } from '../../src/index.js'
import { site } from '../site.js'

t.test('all that is kept about a user is shown to operators, without secrets', async t => {
  const { app, login, store, now } = await site(t)
  t.equal(await app.totp.entity('alice'), null, 'nothing is kept')
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now(), 'Phone')
  const { code } = await app.totp.pass('alice', { by: 'anna' })
  const kept = await app.totp.entity('alice')
  t.match(kept, {
    identity: 'alice',
    factors: [{ sid: phone.sid, friendlyName: 'Phone', status: 'verified', provider: 'embedded', lastUsedAt: now() }],
    approvals: [{ method: 'totp', factorSid: phone.sid, at: now() }],
    recovery: { remaining: 10 },
    pass: { by: 'anna', at: now(), expiresAt: now() + 600 }
  })
  const stored = await store.get('identity:alice')
  if (stored === null || stored.pass === null) throw new Error('a pass is kept')
  const hashes = [...stored.recoveryCodes, stored.pass.hash, ...stored.approvals.map(({ hash }) => hash)]
  for (const secret of [phone.secret, code, code.replaceAll('-', ''), ...hashes]) {
    t.notMatch(JSON.stringify(kept), secret)
  }
  t.same(await store.get('identity:alice'), stored, 'looking changes nothing')
})

t.test('an interrupted move shows, though it keeps the user out', async t => {
  const store = memoryStore<Entity>()
  const { app, login, now } = await site(t, { totp: { store } })
  await (await login('alice')).enrollVerified(now())
  const alice = await store.get('identity:alice')
  if (alice === null) throw new Error('alice is enrolled')
  await store.replace('identity:alice', alice.revision, { ...alice, revision: alice.revision + 1, movingTo: 'carol' })
  await t.rejects(app.totp.revoke('alice'), { code: 'ERR_TOTP_STORE' })
  t.match(await app.totp.entity('alice'), { identity: 'alice', movingTo: 'carol' })
})

t.test('an identity that can\'t be one, and a damaged document, are refused', async t => {
  const { app, store } = await site(t)
  await t.rejects(app.totp.entity(''), { code: 'ERR_TOTP_UNIDENTIFIED' })
  await t.rejects(app.totp.entity('a\0'), { code: 'ERR_TOTP_UNIDENTIFIED' })
  await store.replace('identity:bob', null, { ...JSON.parse('{}'), revision: 1 })
  await t.rejects(app.totp.entity('bob'), { code: 'ERR_TOTP_STORE' })
})
