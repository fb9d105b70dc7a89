import t from 'tap'
import { createTotpClient } from '../../../src/client.js'
import { served, valueOf } from './person.js'

t.test('each method asks its endpoint', async t => {
  const { url, now, wait, person } = await served(t, { totp: { remember: { for: 86400, insecure: true } } })
  const { totp, sent } = await person('alice')
  t.match(valueOf(await totp.factors()), { factors: [], approved: false, approval: null, recovery: null })

  const enrolled = valueOf(await totp.enroll({ friendlyName: 'Phone', qr: 'png' }))
  t.match(enrolled, { factor: { friendlyName: 'Phone', status: 'unverified' }, binding: { qr: /^data:image\/png/ } })
  t.same(await totp.remove(enrolled.factor.sid), { ok: true })

  t.strictSame(sent, [
    'POST /login', 'GET /totp/factors', 'POST /totp/factors', `DELETE /totp/factors/${enrolled.factor.sid}`
  ])

  const other = await person('bob')
  const factor = await other.enroll()
  t.equal(factor.recoveryCodes.length, 10)
  t.match(valueOf(await other.totp.rename(factor.sid, 'Tablet')), { factor: { friendlyName: 'Tablet' } })
  wait(30)
  t.match(valueOf(await other.totp.challenge({ code: factor.code(now()), remember: true })), { approval: { method: 'totp' } })
  const { browsers } = valueOf(await other.totp.browsers())
  t.match(browsers, [{ current: true }])
  t.same(await other.totp.forgetBrowser('current'), { ok: true })
  t.same(await other.totp.forgetBrowsers(), { ok: true })
  t.same(valueOf(await other.totp.browsers()), { browsers: [] })
  const { recoveryCodes } = valueOf(await other.totp.newRecoveryCodes())
  t.equal(recoveryCodes.length, 10)
  t.same(await other.totp.withdraw(), { ok: true })
  t.match(valueOf(await other.totp.factors()), { approved: false })
  t.match(valueOf(await other.totp.recover(recoveryCodes[0] ?? '')), { approval: { method: 'recovery' }, remaining: 9 })
  t.match(await createTotpClient({ prefix: `${url}/totp/`, fetch: other.fetch }).factors(), { ok: true, value: { approved: true } })
})

t.test('refusals are values, with their code, status and time to wait', async t => {
  const { url, now, wait, person } = await served(t)
  t.match(await createTotpClient({ prefix: `${url}/totp` }).factors(), {
    ok: false, error: { code: 'ERR_TOTP_UNIDENTIFIED', status: 401, message: 'Log in first.', retryAfter: null }
  })
  const { totp, enroll } = await person('alice')
  t.match(await totp.rename(`YF${'0'.repeat(32)}`, 'x'), { ok: false, error: { code: 'ERR_TOTP_FACTOR_NOT_FOUND', status: 404 } })
  const factor = await enroll()
  t.match(await totp.challenge({ code: 'x' }), { ok: false, error: { code: 'FST_ERR_VALIDATION', status: 400 } })
  wait(30)
  for (let wrong = 0; wrong < 5; wrong++) {
    t.match(await totp.challenge({ code: factor.wrongCode(now()) }), { ok: false, error: { code: 'ERR_TOTP_CHALLENGE_DENIED' } })
  }
  t.match(await totp.challenge({ code: factor.code(now()) }), { ok: false, error: { code: 'ERR_TOTP_LOCKED', status: 429, retryAfter: 30 } })
})
