import t from 'tap'
import { START } from '../site.js'
import { api, SERVERS } from './bearer.js'

const REQUIRED = { status: 401, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }

for (const server of SERVERS) {
  t.test(`${server}: a user logs in, enrolls, opens the vault, logs out and in, and answers a challenge`, async t => {
    const { login, client, now, wait } = await api(t, server)
    t.match(await client().vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
    const alice = await login('alice')
    t.strictSame(Object.keys(alice.claims()).sort(), ['jti', 'sub'])
    t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
    const factor = await alice.enrollVerified()
    t.match(await alice.vault(), { status: 200 })
    const approved = alice.copy()
    t.match(await alice.ask('POST', '/logout'), { status: 200, token: /./ })
    t.match(await approved.vault(), REQUIRED, 'the token is a first factor, until the host recalls it')

    const again = await login('alice')
    t.match(await again.vault(), REQUIRED)
    t.match(await again.challenge(factor.code(now())), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' },
      'the code that verified the factor is spent')
    wait(30)
    t.match(await again.challenge(factor.code(now())), { status: 200, token: /./ })
    t.match(await again.vault(), { status: 200 })
  })

  t.test(`${server}: every answer that changes the mark has a token, and no other`, async t => {
    const { login, now, wait } = await api(t, server, { totp: { acr: 'urn:acme:mfa' } })
    const alice = await login('alice')
    const given = async (...asked: Parameters<typeof alice.ask>) => {
      const { status, token } = await alice.ask(...asked)
      return [status, token !== undefined]
    }
    t.strictSame(await given('GET', '/totp/factors'), [200, false])
    t.strictSame(await given('DELETE', '/totp/approval'), [204, false], 'nothing ends')
    t.strictSame(await given('POST', '/totp/challenges', { code: '123456' }), [403, false])
    t.notOk('totp' in alice.claims(), 'nothing has begun')

    const bare = alice.copy()
    const first = await alice.enrollVerified()
    t.match(alice.claims(), { sub: 'alice', totp: /^[\w-]{22}$/, auth_time: START, amr: ['otp'], acr: 'urn:acme:mfa' })
    t.match(await bare.vault(), REQUIRED, 'the token from before is a first factor and no more')
    t.strictSame(await given('PATCH', `/totp/factors/${first.sid}`, { friendlyName: 'x' }), [200, false])
    t.strictSame(await given('POST', '/totp/recovery-codes'), [201, false])
    t.strictSame(await given('GET', '/totp/browsers'), [200, false])
    t.strictSame(await given('DELETE', '/totp/browsers'), [204, false])
    const { mark } = markOf(alice.claims())
    t.strictSame(await given('POST', '/totp/factors', {}), [201, false], 'the session has a mark that it keeps')
    const { factors: [, { sid }] } = (await alice.ask('GET', '/totp/factors')).json()
    t.strictSame(await given('DELETE', `/totp/factors/${sid}`), [204, false], 'an unverified factor was no approval')
    t.match(await alice.vault(), { status: 200 })

    wait(30)
    t.strictSame(await given('POST', '/totp/challenges', { code: first.code(now()) }), [200, true])
    t.match(alice.claims(), { auth_time: START + 30 })
    t.not(markOf(alice.claims()).mark, mark)
    const before = alice.copy()
    t.strictSame(await given('DELETE', '/totp/approval'), [200, true])
    t.strictSame(Object.keys(alice.claims()).sort(), ['jti', 'sub', 'totp'])
    t.strictSame([await alice.vault(), await before.vault()].map(({ status }) => status), [401, 401])
    t.match(await before.ask('DELETE', '/totp/approval'), { status: 204, text: '' }, 'withdrawn before')

    wait(30)
    t.strictSame(await given('POST', '/totp/challenges', { code: first.code(now()) }), [200, true])
    t.strictSame(await given('DELETE', `/totp/factors/${first.sid}`), [200, true])
    t.strictSame(Object.keys(alice.claims()).sort(), ['jti', 'sub', 'totp'])
    t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  })

  t.test(`${server}: an enrollment belongs to the token that began it`, async t => {
    const { login, now } = await api(t, server)
    const alice = await login('alice')
    const other = alice.copy()
    const enrolled = await alice.ask('POST', '/totp/factors', {})
    t.strictSame(Object.keys(alice.claims()).sort(), ['jti', 'sub', 'totp'], 'a mark, and no approval')
    const { factor: { sid } } = enrolled.json()
    t.ok(now())
    t.match(await other.ask('POST', `/totp/factors/${sid}/verify`, { code: '123456' }), { status: 404, token: undefined })
    t.match(await alice.ask('POST', `/totp/factors/${sid}/verify`, { code: '12345' }), { status: 400, token: undefined })
    t.match((await alice.ask('GET', '/totp/factors')).json(), { factors: [{ sid, status: 'unverified' }] })
    t.same((await other.ask('GET', '/totp/factors')).json().factors, [])
  })

  t.test(`${server}: recovery codes and passes give no amr`, async t => {
    const { totp, login, now, wait } = await api(t, server, { totp: { acr: 'urn:acme:mfa', amr: ['pwd', 'otp', 'mfa'] } })
    const alice = await login('alice')
    const { recoveryCodes: [code = ''], ...phone } = await alice.enrollVerified()
    t.strictSame(alice.claims()['amr'], ['pwd', 'otp', 'mfa'], 'the host says that it is')
    const recovered = async (code: string) => {
      const again = await login('alice')
      t.match(await again.ask('POST', '/totp/recovery', { code }), { status: 200, token: /./ })
      t.match(await again.vault(), { status: 200 })
      t.strictSame(Object.keys(again.claims()).sort(), ['auth_time', 'jti', 'sub', 'totp'])
      await again.ask('POST', '/refresh')
      t.strictSame(Object.keys(again.claims()).sort(), ['auth_time', 'jti', 'sub', 'totp'], 'refreshed')
      return again
    }
    await recovered(code)
    const { code: pass } = await totp.pass('alice', { by: 'Carol' })
    const again = await recovered(pass)
    wait(30)
    t.match(await again.challenge(phone.code(now())), { status: 200 })
    t.strictSame(again.claims()['amr'], ['pwd', 'otp', 'mfa'])
  })

  t.test(`${server}: a refreshed token says what the entity says`, async t => {
    const { totp, login, now, wait } = await api(t, server, { totp: { acr: 'urn:acme:mfa', maxAge: 600 } })
    const alice = await login('alice')
    t.strictSame((await alice.ask('POST', '/refresh')).status, 200)
    t.strictSame(Object.keys(alice.claims()).sort(), ['jti', 'sub'], 'no mark, nothing to say')
    const phone = await alice.enrollVerified()
    const { jti, ...said } = alice.claims()
    wait(60)
    await alice.ask('POST', '/refresh')
    const { jti: next, ...again } = alice.claims()
    t.not(next, jti)
    t.strictSame(again, said, 'with the time of the challenge')
    t.match(await alice.vault(), { status: 200 })

    const ended = alice.copy()
    await alice.ask('DELETE', '/totp/approval')
    await ended.ask('POST', '/refresh')
    t.strictSame(Object.keys(ended.claims()).sort(), ['jti', 'sub', 'totp'], 'a withdrawn one')
    t.match(await ended.vault(), REQUIRED)

    const endings: Readonly<Record<string, () => Promise<void> | void>> = {
      'it was revoked': async () => await totp.revoke('alice'),
      'it is too old': () => wait(601)
    }
    for (const [ending, end] of Object.entries(endings)) {
      wait(30)
      t.match(await alice.challenge(phone.code(now())), { status: 200 })
      await end()
      await alice.ask('POST', '/refresh')
      t.strictSame(Object.keys(alice.claims()).sort(), ['jti', 'sub', 'totp'], ending)
      t.match(await alice.vault(), REQUIRED, ending)
    }
    await totp.reset('alice')
    await alice.ask('POST', '/refresh')
    t.strictSame(Object.keys(alice.claims()).sort(), ['jti', 'sub', 'totp'])
  })

  t.test(`${server}: RFC 9470: the client learns how old an approval may be, and of which class`, async t => {
    const { login, now, wait } = await api(t, server, {
      totp: { acr: 'urn:acme:mfa' },
      routes: { '/checked': async (totp, { request }) => Object(await totp.check(await totp.caller(Object(request)), { maxAge: 5 })) }
    })
    const alice = await login('alice')
    const phone = await alice.enrollVerified()
    const header = (maxAge: number) => 'Bearer error="insufficient_user_authentication", ' +
      `error_description="A recent challenge has to be approved", max_age="${maxAge}", acr_values="urn:acme:mfa"`
    wait(61)
    const stale = await alice.ask('POST', '/transfer', {})
    t.match(stale, REQUIRED)
    t.equal(stale.headers['www-authenticate'], header(60))
    await alice.ask('DELETE', '/totp/approval')
    t.equal((await alice.vault()).headers['www-authenticate'], header(43200))
    const enrolling = await alice.ask('POST', '/totp/factors', {})
    t.equal(enrolling.headers['www-authenticate'], header(300))
    t.equal(enrolling.token, undefined)
    t.match(await alice.ask('GET', '/checked'), { code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
    const { code } = await alice.ask('POST', '/totp/challenges', { code: phone.wrongCode(now()) })
    t.equal(code, 'ERR_TOTP_CHALLENGE_DENIED')
    wait(30)
    t.match(await alice.challenge(phone.code(now())), { status: 200 })
    t.match(await alice.ask('POST', '/transfer', {}), { status: 200 })
  })

  t.test(`${server}: the sites of requests count for tokens too`, async t => {
    const { login } = await api(t, server, { totp: { trustedOrigins: ['https://app.example', 'capacitor://localhost'] } })
    const alice = await login('alice')
    const enroll = async (headers: Record<string, string>) => await alice.ask('POST', '/totp/factors', {}, headers)
    t.match(await enroll({ origin: 'https://evil.example' }), { status: 403, code: 'ERR_TOTP_CROSS_SITE', token: undefined })
    t.match(await enroll({ 'sec-fetch-site': 'same-site' }), { status: 403, code: 'ERR_TOTP_CROSS_SITE' })
    t.notOk('totp' in alice.claims())
    for (const origin of ['https://app.example', 'capacitor://localhost']) t.match(await enroll({ origin }), { status: 201 })
    t.match(await enroll({}), { status: 201 }, 'an app that is no page sends no origin')
  })

  t.test(`${server}: no cookie is read or set`, async t => {
    const { login } = await api(t, server)
    const alice = await login('alice')
    const token = 'A'.repeat(43)
    for (const [method, path] of [['GET', '/totp/factors'], ['POST', '/totp/factors'], ['DELETE', '/totp/approval']] as const) {
      const body = method === 'POST' ? {} : undefined
      const answer = await alice.ask(method, path, body, { cookie: `__Host-totp-browser=${token}` })
      t.equal(answer.headers['set-cookie'], undefined, path)
    }
    await alice.enrollVerified()
    const { factors } = (await alice.ask('GET', '/totp/factors')).json()
    t.equal(factors.length, 1)
    wrongRemember(t, await alice.ask('POST', '/totp/challenges', { code: '123456', remember: true }))
  })
}

function wrongRemember (t: { match (found: unknown, wanted: object): unknown }, answer: unknown): void {
  t.match(answer, { status: 400, code: 'FST_ERR_VALIDATION', token: undefined })
}

function markOf (claims: Readonly<Record<string, unknown>>): { readonly mark: unknown } {
  return { mark: claims['totp'] }
}
