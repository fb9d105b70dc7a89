import t from 'tap'
import { enrolledThere, RIGHT, there, WRONG } from './there.js'

const SID = '[0-9a-f]{32}'
const PATH = new RegExp(`^/v2/Services/VA${SID}/Entities/YE${SID}/(Factors|Factors/YF${SID}|Challenges|Challenges/YC${SID})$`)

t.test('whatever identities a host has, the paths at Twilio are made of sids', async t => {
  const identities = [
    '.', '..', '/', '%2f', '%2e%2e', '../..', 'a\\..\\victim', 'x#', 'x?y=z', 'a\tb', 'a\r\nX: y', ' ', 'YE', 'alice@example.org',
    '__proto__', 'ALICE', 'alice', 'İ', '\u{1f600}'.repeat(64), 'x'.repeat(256)
  ]
  const { login, server } = await there(t)
  const entities = new Set<string>()
  for (const identity of identities) {
    const person = await login(identity)
    const before = server.log.length
    const sid = await enrolledThere(person)
    t.match(await person.challenge(WRONG), { status: 403 })
    t.match(await person.challenge(RIGHT), { status: 200 })
    t.match(await person.delete(`/totp/factors/${sid}`), { status: 204 })
    const asked = server.log.slice(before)
    t.strictSame(asked.map(({ kind }) => kind), ['enroll', 'verify', 'create', 'update', 'remove'])
    for (const { path } of asked) t.match(path, PATH, identity)
    t.equal(asked[0]?.form['FriendlyName'], 'Acme', 'nor do the names of factors tell')
    for (const { identity } of asked) entities.add(identity)
  }
  t.equal(entities.size, identities.length, 'and no two identities are one there')
})

t.test('a factor is known by its sid here, which is never part of a path', async t => {
  const { login, server } = await there(t)
  const alice = await login('alice')
  await enrolledThere(alice)
  const before = server.log.length
  for (const sid of ['..', '%2e%2e', '.', `YF${'0'.repeat(32)}`, `YF${'0'.repeat(32)}%2f..`, '']) {
    t.ok((await alice.delete(`/totp/factors/${sid}`)).status >= 400, sid)
    t.ok((await alice.post(`/totp/factors/${sid}/verify`, { code: RIGHT })).status >= 400, sid)
    t.ok((await alice.challenge(RIGHT, sid)).status >= 400, sid)
  }
  t.equal(server.log.length, before)
})
