import t, { type Test } from 'tap'
import { faultyStore } from '../faulty-store.js'
import { isEmbedded, site, type SiteOptions } from '../site.js'
import type { Enrolled, Response, Visitor } from '../visitor.js'

/** What a refusal looks like: code, status, and Fastify's own shape. */
function refusal (status: number, code: string) {
  return { status, code, headers: { 'cache-control': 'no-store', 'content-type': /^application\/json/ } }
}

const DENIED = refusal(403, 'ERR_TOTP_CHALLENGE_DENIED')
const LOCKED = refusal(429, 'ERR_TOTP_LOCKED')
const DISABLED = refusal(403, 'ERR_TOTP_DISABLED')
const REQUIRED = refusal(403, 'ERR_TOTP_CHALLENGE_REQUIRED')
const NOT_ENROLLED = refusal(403, 'ERR_TOTP_NOT_ENROLLED')
const NOT_FOUND = refusal(404, 'ERR_TOTP_FACTOR_NOT_FOUND')
const MALFORMED = refusal(400, 'FST_ERR_VALIDATION')
const CROSS_SITE = refusal(403, 'ERR_TOTP_CROSS_SITE')
const UNIDENTIFIED = refusal(401, 'ERR_TOTP_UNIDENTIFIED')

const EVIL = { 'sec-fetch-site': 'cross-site' }

/** Alice has a factor and, in one browser, an approval; half a minute has gone by. */
async function enrolled (t: Test, options: SiteOptions = {}) {
  const made = await site(t, options)
  const alice = await made.login('alice')
  const factor = await alice.enrollVerified(made.now())
  made.wait(30)
  const spare = await made.login('alice')
  return { ...made, alice, factor, spare }
}

async function guess (person: Visitor, factor: Enrolled, now: number, times: number): Promise<void> {
  for (let n = 0; n < times; n++) await person.challenge(factor.wrongCode(now))
}

/** The parts of an answer that must not depend on the code. */
function visible ({ status, code, headers: { date, ...headers }, text }: Response) {
  return { status, code, headers, text }
}

t.test('every refusal has its code, its status, one shape, and is not kept by caches', async t => {
  const { visitor, login, alice, factor, spare, now, wait, app } =
    await enrolled(t, { totp: { maxFactors: 1 } })
  const bob = await login('bob')
  const unknown = `/totp/factors/YF${'0'.repeat(32)}`

  const answers: Array<[answer: Response, expected: object]> = [
    [await visitor().vault(), UNIDENTIFIED],
    [await visitor().get('/totp/factors'), UNIDENTIFIED],
    [await visitor().challenge('123456'), UNIDENTIFIED],
    [await bob.vault(), NOT_ENROLLED],
    [await bob.challenge('123456'), NOT_ENROLLED],
    [await spare.vault(), REQUIRED],
    [await spare.post('/totp/factors', {}), REQUIRED],
    [await alice.challenge(factor.wrongCode(now())), DENIED],
    [await alice.delete(unknown), NOT_FOUND],
    [await alice.patch(unknown, { friendlyName: 'x' }), NOT_FOUND],
    [await alice.post(`${unknown}/verify`, { code: '123456' }), NOT_FOUND],
    [await bob.delete(unknown), NOT_FOUND],
    [await bob.patch(unknown, { friendlyName: 'x' }), NOT_FOUND],
    [await bob.post(`${unknown}/verify`, { code: '123456' }), NOT_FOUND],
    [await alice.challenge(factor.code(now()), `YF${'0'.repeat(32)}`), NOT_FOUND],
    [await alice.post('/totp/factors', {}), refusal(409, 'ERR_TOTP_FACTOR_LIMIT')],
    [await alice.request('POST', '/totp/challenges', {}, EVIL), CROSS_SITE],
    [await alice.post('/totp/challenges', {}), MALFORMED],
    [await alice.request('POST', '/totp/challenges', '{'), refusal(400, 'FST_ERR_CTP_INVALID_JSON_BODY')],
    [await alice.challenge('1'.repeat(5000)), refusal(413, 'FST_ERR_CTP_BODY_TOO_LARGE')],
    [await alice.request('POST', '/totp/challenges', 'x', { 'content-type': 'text/plain' }),
      refusal(415, 'FST_ERR_CTP_INVALID_MEDIA_TYPE')]
  ]
  await guess(spare, factor, now(), 4)
  answers.push([await spare.vault(), LOCKED], [await spare.challenge(factor.code(now())), LOCKED])
  t.match(await alice.vault(), { status: 200 }, 'a lock takes no approval away')
  for (let lock = 0; lock < 9; lock++) {
    wait(3600)
    await guess(spare, factor, now(), 5)
  }
  answers.push([await spare.vault(), DISABLED], [await spare.challenge(factor.code(now())), DISABLED])

  for (const [answer, expected] of answers) {
    t.match(answer, expected, answer.text)
    t.same(Object.keys(answer.json()).sort(), ['code', 'error', 'message', 'statusCode'], answer.text)
    t.equal(answer.json().statusCode, answer.status)
    t.equal(answer.headers['www-authenticate'], undefined, 'nobody here carries a bearer token')
    const paused = answer.status === 429
    t.equal(answer.headers['retry-after'], paused ? '30' : undefined)
  }
  await app.totp.unlock('alice')
  t.match(await spare.challenge(factor.code(now())), { status: 200 }, 'what was disabled is unlocked by the operator')
})

t.test('every answer that is no refusal is not kept by caches either', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const kept = { headers: { 'cache-control': 'no-store' } }
  const enrolled = await alice.post('/totp/factors', {})
  const { factor } = enrolled.json()
  t.match(enrolled, { status: 201, ...kept })
  t.equal(enrolled.headers.etag, undefined)
  const own = await alice.enroll()
  t.match(await alice.patch(`/totp/factors/${own.sid}`, { friendlyName: 'x' }), { status: 200, ...kept })
  t.match(await alice.delete(`/totp/factors/${own.sid}`), { status: 204, text: '', ...kept })
  t.match(await alice.delete(`/totp/factors/${factor.sid}`), { status: 404, ...kept })
  const phone = await alice.enroll()
  const code = phone.code(now())
  t.match(await alice.post(`/totp/factors/${phone.sid}/verify`, { code }), { status: 200, ...kept })
  t.match(await alice.get('/totp/factors'), { status: 200, ...kept })
  t.match(await alice.request('HEAD', '/totp/factors'), { status: 200, text: '', ...kept })
  wait(30)
  t.match(await alice.challenge(phone.code(now())), { status: 200, ...kept })
  t.match(await alice.delete('/totp/approval'), { status: 204, text: '', ...kept })
})

t.test('a lost race and a broken store are both 503, and only the race says when to come back', async t => {
  const store = faultyStore()
  const { alice, factor, now } = await enrolled(t, { totp: { store } })
  store.break('replace', async () => false)
  const conflict = await alice.challenge(factor.code(now()))
  t.match(conflict, { ...refusal(503, 'ERR_TOTP_CONFLICT') })
  t.equal(conflict.headers['retry-after'], '1')
  store.break('replace', async () => { throw new Error('down') })
  const broken = await alice.challenge(factor.code(now()))
  t.match(broken, refusal(503, 'ERR_TOTP_STORE'))
  t.equal(broken.headers['retry-after'], undefined)
  store.mend()
  t.match(await alice.challenge(factor.code(now())), { status: 200 }, 'neither burnt the code')
})

t.test('a 429 says in whole seconds how long to wait, and the wait grows up to an hour', async t => {
  const { alice, factor, now, wait } = await enrolled(t)
  for (const duration of [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]) {
    await guess(alice, factor, now(), 5)
    const locked = await alice.challenge('000000')
    t.match(locked, LOCKED)
    t.equal(locked.headers['retry-after'], String(duration))
    wait(10)
    t.equal((await alice.challenge('000000')).headers['retry-after'], String(duration - 10))
    wait(duration - 10)
  }
})

t.test('while locked, right and wrong codes get the same answer to the byte, and nothing is burnt', async t => {
  const { alice, spare, factor, now, wait } = await enrolled(t)
  await guess(alice, factor, now(), 5)
  const code = factor.code(now())
  const right = visible(await spare.challenge(code))
  t.match(right, LOCKED)
  t.same(visible(await spare.challenge(factor.wrongCode(now()))), right)
  t.same(visible(await spare.challenge(code, factor.sid)), right)
  t.same(visible(await spare.challenge('000000', `YF${'0'.repeat(32)}`)), right, 'not even which factors there are')
  wait(29)
  t.match(await spare.challenge(code), LOCKED)
  wait(1)
  t.match(await spare.challenge(code), { status: 200 }, 'the right code that was refused is not burnt')
})

t.test('while disabled, right and wrong codes get the same answer to the byte, and nothing is burnt', async t => {
  const attempts = { lockAfter: 5, disableAfter: 5 }
  const { app, alice, spare, factor, now, wait } = await enrolled(t, { totp: { attempts } })
  await guess(alice, factor, now(), 5)
  const code = factor.code(now())
  const right = visible(await spare.challenge(code))
  t.match(right, DISABLED)
  t.same(visible(await spare.challenge(factor.wrongCode(now()))), right)
  wait(29)
  t.same(visible(await spare.challenge(code)), right, 'waiting does not help')
  await app.totp.unlock('alice')
  t.match(await spare.challenge(code), { status: 200 }, 'the right code that was refused is not burnt')
})

t.test('wrong, spent and too old codes get the same answer to the byte', async t => {
  const { alice, spare, factor, now, wait } = await enrolled(t)
  const code = factor.code(now())
  const early = factor.code(now() - 30)
  await alice.challenge(code)
  const wrong = visible(await spare.challenge(factor.wrongCode(now())))
  t.match(wrong, DENIED)
  t.same(visible(await spare.challenge(code)), wrong, 'spent')
  t.same(visible(await spare.challenge(early)), wrong, 'of a step before the burnt one')
  wait(300)
  t.same(visible(await spare.challenge(code)), wrong, 'expired')
})

t.test('refusals come in one order, from who asks to what is missing', async t => {
  const attempts = { lockAfter: 5, disableAfter: 10 }
  const { app, visitor, alice, spare, factor, login, now, wait } = await enrolled(t, { totp: { attempts } })
  const { sid } = factor
  t.match(await visitor().request('POST', '/totp/challenges', { code: 1 }, EVIL), UNIDENTIFIED)
  t.match(await visitor().request('POST', '/totp/challenges', '{', EVIL), UNIDENTIFIED)
  t.match(await alice.request('POST', '/totp/challenges', { code: 1 }, EVIL), CROSS_SITE)
  t.match(await alice.request('POST', '/totp/challenges', '{', EVIL), CROSS_SITE)

  await guess(spare, factor, now(), 5)
  t.match(await spare.challenge(1), MALFORMED, 'malformed before locked')
  t.match(await spare.challenge('1234567'), MALFORMED, 'of a length that no factor has, too')
  t.match(await spare.vault(), LOCKED, 'locked before approval')
  t.match(await spare.post('/totp/factors', {}), LOCKED)
  t.match(await spare.patch(`/totp/factors/${sid}`, { friendlyName: 'x' }), LOCKED)
  t.match(await spare.delete(`/totp/factors/${sid}`), LOCKED)

  await app.totp.remove({ identity: 'alice', operator: true }, sid)
  t.match(await spare.challenge('123456'), LOCKED, 'locked before not enrolled')
  t.match(await spare.vault(), NOT_ENROLLED, 'the guard tells what is missing: there is no code to judge')
  wait(30)
  t.match(await spare.challenge('123456'), NOT_ENROLLED)
  t.match(await spare.vault(), NOT_ENROLLED, 'not enrolled before approval')

  const bob = await login('bob')
  const other = await bob.enrollVerified(now())
  wait(30)
  const stranger = await login('bob')
  await guess(stranger, other, now(), 5)
  wait(30)
  await guess(stranger, other, now(), 5)
  t.match(await stranger.challenge(1), MALFORMED, 'malformed before disabled')
  t.match(await stranger.challenge('123456'), DISABLED, 'disabled before locked')
  t.match(await stranger.vault(), DISABLED)
})

t.test('RFC 9470: a caller with a bearer token is told in a header how old an approval may be', async t => {
  const { alice, spare, visitor, login, wait } = await enrolled(t)
  const bearer = { authorization: 'Bearer mF_9.B5f-4.1JqM' }
  const header = (maxAge: number) => 'Bearer error="insufficient_user_authentication", ' +
    `error_description="A recent challenge has to be approved", max_age="${maxAge}"`
  const required = refusal(401, 'ERR_TOTP_CHALLENGE_REQUIRED')

  for (const [method, url, maxAge] of [
    ['GET', '/vault', 43200], ['POST', '/transfer', 60], ['POST', '/totp/factors', 300]
  ] as const) {
    const answer = await spare.request(method, url, undefined, bearer)
    t.match(answer, required, url)
    t.equal(answer.headers['www-authenticate'], header(maxAge), url)
    t.equal(answer.json().statusCode, 401)
    t.equal((await spare.request(method, url)).headers['www-authenticate'], undefined, 'not without a token')
  }
  t.equal((await spare.request('GET', '/vault', undefined, { authorization: 'bearer x' })).status, 401, 'in any case')
  t.match(await spare.request('GET', '/vault', undefined, { authorization: 'Basic Ym9iOng=' }), REQUIRED)
  t.match(await spare.request('GET', '/vault', undefined, { authorization: 'Bearerx' }), REQUIRED)

  t.match(await alice.request('GET', '/vault', undefined, bearer), { status: 200 })
  wait(61)
  t.match(await alice.request('GET', '/vault', undefined, bearer), { status: 200 })
  const stale = await alice.request('POST', '/transfer', undefined, bearer)
  t.match(stale, required)
  t.equal(stale.headers['www-authenticate'], header(60))

  const nobody = await visitor().request('GET', '/vault', undefined, bearer)
  t.match(nobody, UNIDENTIFIED)
  t.equal(nobody.headers['www-authenticate'], undefined, 'a second factor does not help who is nobody')
  const bob = await (await login('bob')).request('GET', '/vault', undefined, bearer)
  t.match(bob, NOT_ENROLLED)
  t.equal(bob.headers['www-authenticate'], undefined)
})

t.test('a session without an approval sees of factors what it takes to answer a challenge', async t => {
  const { alice, spare, factor, now } = await enrolled(t)
  const config = { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 }
  const brief = { sid: factor.sid, friendlyName: isEmbedded() ? 'alice' : 'Acme', status: 'verified', config }
  const verifiedAt = new Date((now() - 30) * 1000).toISOString()
  t.same((await spare.get('/totp/factors')).json(), { factors: [brief], approved: false, approval: null, recovery: null })
  t.same((await alice.get('/totp/factors')).json(), {
    factors: [{ ...brief, createdAt: verifiedAt, verifiedAt, lastUsedAt: verifiedAt }],
    approved: true,
    recovery: { remaining: 10 },
    approval: {
      method: 'totp', factorSid: factor.sid, at: verifiedAt, expiresAt: new Date((now() - 30 + 43200) * 1000).toISOString()
    }
  })

  const own = await alice.enroll('second phone')
  const listed = (await alice.get('/totp/factors')).json().factors
  t.same(listed[1], {
    sid: own.sid,
    friendlyName: 'second phone',
    status: 'unverified',
    config,
    createdAt: new Date(now() * 1000).toISOString(),
    verifiedAt: null,
    lastUsedAt: null
  })
  t.equal((await spare.get('/totp/factors')).json().factors.length, 1, 'not the unverified factor of another session')
})

t.test('an unverified factor belongs to the session that enrolled it', async t => {
  const { login, now } = await site(t)
  const alice = await login('alice')
  const other = await login('alice')
  const bob = await login('bob')
  const own = await alice.enroll()
  t.same((await other.get('/totp/factors')).json().factors, [])
  t.match(await other.post(`/totp/factors/${own.sid}/verify`, { code: own.code(now()) }), NOT_FOUND)
  t.match(await other.patch(`/totp/factors/${own.sid}`, { friendlyName: 'x' }), NOT_FOUND)
  t.match(await other.delete(`/totp/factors/${own.sid}`), NOT_FOUND)
  t.match(await bob.post(`/totp/factors/${own.sid}/verify`, { code: own.code(now()) }), NOT_FOUND)
  t.match(await alice.patch(`/totp/factors/${own.sid}`, { friendlyName: 'phone' }),
    { status: 200, text: /"friendlyName":"phone"/ })
  const code = own.code(now())
  t.match(await alice.post(`/totp/factors/${own.sid}/verify`, { code }), { status: 200 })
  t.match(await alice.post(`/totp/factors/${own.sid}/verify`, { code }), NOT_FOUND, 'it is verified already')
  t.match(await alice.vault(), { status: 200 })
  t.match(await other.vault(), REQUIRED)
})

t.test('factors of others are not there', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  const factor = await alice.enrollVerified(now())
  const bob = await login('bob')
  await bob.enrollVerified(now())
  wait(30)
  t.match(await bob.patch(`/totp/factors/${factor.sid}`, { friendlyName: 'x' }), NOT_FOUND)
  t.match(await bob.delete(`/totp/factors/${factor.sid}`), NOT_FOUND)
  t.match(await bob.post(`/totp/factors/${factor.sid}/verify`, { code: factor.code(now()) }), NOT_FOUND)
  t.match(await bob.challenge(factor.code(now()), factor.sid), NOT_FOUND)
  t.match(await bob.challenge(factor.code(now())), DENIED, 'her code is not his')
  t.match(await alice.challenge(factor.code(now())), { status: 200 }, 'and is still hers')
})

t.test('changing verified factors takes a fresh approval, at most freshness old', async t => {
  const { alice, spare, factor, now, wait } = await enrolled(t)
  const path = `/totp/factors/${factor.sid}`
  wait(270)
  t.match(await alice.patch(path, { friendlyName: 'exactly 300 s' }), { status: 200 })
  t.match(await alice.post('/totp/factors', {}), { status: 201 })
  const second = await alice.enroll()
  wait(1)
  t.match(await alice.patch(path, { friendlyName: 'x' }), REQUIRED)
  t.match(await alice.delete(path), REQUIRED)
  t.match(await alice.post('/totp/factors', {}), REQUIRED)
  t.match(await alice.post(`/totp/factors/${second.sid}/verify`, { code: second.code(now()) }), REQUIRED)
  t.match(await alice.patch(`/totp/factors/${second.sid}`, { friendlyName: 'own' }), { status: 200 }, 'not its own unverified one')
  t.match(await alice.vault(), { status: 200 }, 'the guard is content with older ones')
  for (const answer of [
    await spare.patch(path, { friendlyName: 'x' }), await spare.delete(path), await spare.post('/totp/factors', {})
  ]) t.match(answer, REQUIRED)

  t.match(await alice.challenge(factor.code(now())), { status: 200 })
  t.match(await alice.post(`/totp/factors/${second.sid}/verify`, { code: second.code(now()) }), { status: 200 })
  t.match(await alice.delete(path), { status: 204 })
  t.match(await alice.vault(), REQUIRED, 'who removes a verified factor loses its own approval')
  wait(30)
  t.match(await alice.challenge(second.code(now())), { status: 200 })
  t.match(await alice.delete(`/totp/factors/${second.sid}`), { status: 204 })
  t.match(await alice.vault(), NOT_ENROLLED)
})

t.test('DELETE /approval takes away what this session had, and nothing else', async t => {
  const { alice, spare, factor, now } = await enrolled(t)
  t.match(await spare.challenge(factor.code(now())), { status: 200 })
  t.match(await alice.delete('/totp/approval'), { status: 204 })
  t.match(await alice.vault(), REQUIRED)
  t.match(await alice.delete('/totp/approval'), { status: 204 }, 'twice is no mistake')
  t.match(await spare.vault(), { status: 200 })
  t.match((await alice.get('/totp/factors')).json(), { approved: false, approval: null, recovery: null })
})

t.test('methods and paths that are not there do nothing', async t => {
  const { alice, factor, now, wait } = await enrolled(t)
  const code = factor.code(now())
  for (const [method, url] of [
    ['GET', `/totp/challenges?code=${code}`], ['HEAD', `/totp/challenges?code=${code}`],
    ['PUT', '/totp/challenges'], ['PATCH', '/totp/challenges'], ['OPTIONS', '/totp/challenges'],
    ['GET', `/totp/factors/${factor.sid}`], ['PUT', `/totp/factors/${factor.sid}`],
    ['GET', `/totp/factors/${factor.sid}/verify?code=${code}`], ['DELETE', '/totp/factors'],
    ['GET', '/totp/approval'], ['POST', '/totp/approval'], ['GET', '/totp'], ['GET', '/totp/recovery'],
    ['POST', '/TOTP/challenges'], ['POST', '/totp//challenges'], ['POST', '/totp/challenges/'],
    ['GET', `/totp/factors/${factor.sid}/secret`], ['GET', `/totp/factors/${factor.sid}/qr`]
  ] as const) {
    t.match(await alice.request(method, url), { status: 404 }, `${method} ${url}`)
  }
  t.match(await alice.request('POST', `/totp/factors/${factor.sid}`, {}, { 'x-http-method-override': 'DELETE' }),
    { status: 404 })
  t.match(await alice.challenge(code), { status: 200 }, 'the code is not burnt')
  wait(1)
  t.match(await alice.vault(), { status: 200 })
})

t.test('HEAD /factors says what GET says, without the body', async t => {
  const { alice, visitor } = await enrolled(t)
  const { headers: { date: _, ...head }, ...rest } = await alice.request('HEAD', '/totp/factors')
  const { headers: { date: __, ...get } } = await alice.get('/totp/factors')
  t.same(head, get)
  t.match(rest, { status: 200, text: '' })
  t.match(await visitor().request('HEAD', '/totp/factors'), { status: 401, text: '' })
})
