import t from 'tap'
import { dataFolder, startExample } from './example-server.js'

const server = await startExample(t, { dataDir: await dataFolder(t) })

t.test('a slow request that began before a logout restores nothing after it', async t => {
  const alice = await server.login('alice')
  const factor = await alice.enrollVerified(server.now())
  await alice.login('alice')
  const other = alice.copy()
  const slow = await other.slow('POST', '/totp/challenges', { code: factor.code(server.now() + 30) })
  t.match(await alice.logout(), { status: 204 })
  t.match(await slow.finish(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await other.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
})

t.test('nor if an approval rotated the session id in between', async t => {
  const bob = await server.login('bob')
  const factor = await bob.enrollEarly(server.now)
  await bob.login('bob')
  const browser = bob.copy()
  const slow = await browser.slow('POST', '/totp/challenges', { code: factor.code(server.now() + 30) })
  t.match(await bob.challenge(factor.code(server.now())), { status: 200 })
  t.not(bob.cookies.get('sessionId'), browser.cookies.get('sessionId'), 'the approval rotated the session id')
  const late = await browser.vault()
  t.match(late, { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' }, 'and the old id stopped working')
  t.same(late.headers.getSetCookie(), [], 'a request with the old id leaves the browser\'s cookie alone')
  const rotated = bob.copy()
  t.match(await bob.logout(), { status: 204 })
  t.not((await slow.finish()).status, 200)
  t.match(await browser.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
  t.match(await rotated.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
})

t.test('two logouts at the same time both succeed', async t => {
  const carol = await server.login('carol')
  const other = carol.copy()
  const slow = await other.slow('POST', '/logout', {})
  t.match(await carol.logout(), { status: 204 })
  t.match(await slow.finish(), { status: 204 })
  t.match(await other.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
})

t.test('a destroyed session stays destroyed, however slow requests end', async t => {
  const dave = await server.login('dave')
  await dave.enrollVerified(server.now())
  const other = dave.copy()
  const slow = await other.slow('DELETE', '/totp/approval', {})
  t.match(await dave.logout(), { status: 204 })
  t.match(await slow.finish(), { status: 204 }, 'the logout has withdrawn what there was')
  t.match(await other.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
  t.match(await other.request('GET', '/totp/factors'), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
})

t.test('a slow challenge does not restore a withdrawn approval', async t => {
  const erin = await server.login('erin')
  const factor = await erin.enrollVerified(server.now())
  const other = erin.copy()
  const slow = await other.slow('POST', '/totp/challenges', { code: factor.code(server.now() + 30) })
  t.match(await erin.request('DELETE', '/totp/approval'), { status: 204 })
  t.match(await slow.finish(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await other.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
})

t.test('nor one that was granted and withdrawn meanwhile', async t => {
  const frank = await server.login('frank')
  const factor = await frank.enrollEarly(server.now)
  await frank.login('frank')
  const other = frank.copy()
  const slow = await other.slow('POST', '/totp/challenges', { code: factor.code(server.now() + 30) })
  t.match(await frank.challenge(factor.code(server.now())), { status: 200 })
  t.match(await frank.request('DELETE', '/totp/approval'), { status: 204 })
  await slow.finish()
  t.not((await other.vault()).status, 200)
})

t.test('a slow verification restores nothing after its factor was removed or its session logged out', async t => {
  const grace = await server.login('grace')
  const factor = await grace.enroll()
  const other = grace.copy()
  const path = `/totp/factors/${factor.sid}`
  const slow = await other.slow('POST', `${path}/verify`, { code: factor.code(server.now()) })
  t.match(await grace.request('DELETE', path), { status: 204 })
  t.match(await slow.finish(), { status: 404, code: 'ERR_TOTP_FACTOR_NOT_FOUND' })

  const again = await grace.enroll()
  const late = await other.slow('POST', `/totp/factors/${again.sid}/verify`, { code: again.code(server.now()) })
  t.match(await grace.logout(), { status: 204 })
  t.match(await late.finish(), { status: 404, code: 'ERR_TOTP_FACTOR_NOT_FOUND' })
  t.match(await other.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
})

t.test('a slow challenge with a code of a factor removed meanwhile opens nothing', async t => {
  const heidi = await server.login('heidi')
  const factor = await heidi.enrollVerified(server.now())
  const other = heidi.copy()
  const slow = await other.slow('POST', '/totp/challenges', { code: factor.code(server.now() + 30) })
  t.match(await heidi.request('DELETE', `/totp/factors/${factor.sid}`), { status: 204 })
  t.match(await slow.finish(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  t.not((await other.vault()).status, 200)
  t.not((await heidi.vault()).status, 200)
})

t.end()
