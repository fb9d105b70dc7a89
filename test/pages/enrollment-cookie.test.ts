import { randomBytes } from 'node:crypto'
import t from 'tap'
import { newMark } from '../../src/entity/mark.js'
import { newSid } from '../../src/entity/entity.js'
import { enrollmentCookie } from '../../src/pages/enrollment-cookie.js'

const [KEY, NEW_KEY] = [randomBytes(32), randomBytes(32)]
const BINDING = { secret: 'JBSWY3DPEHPK3PXP', uri: 'otpauth://totp/Acme:alice?secret=JBSWY3DPEHPK3PXP' }
const OWNER = { identity: 'alice', mark: newMark(), sid: newSid('YF') }

function cookieUnder (keys: readonly Uint8Array[], name = 'totp') {
  return enrollmentCookie({ name, keys, insecure: false })
}

/** The headers of a browser that got this cookie. */
function headersWith (line: string) {
  return { cookie: line.split(';', 1).join() }
}

t.test('the binding is opened for its own enrollment alone', async t => {
  const { read, headerFor } = cookieUnder([KEY])
  const headers = headersWith(headerFor(BINDING, OWNER))
  t.strictSame(read(headers, OWNER), BINDING)
  t.equal(read(headers, { ...OWNER, identity: 'bob' }), null)
  t.equal(read(headers, { ...OWNER, mark: newMark() }), null)
  t.equal(read(headers, { ...OWNER, mark: null }), null)
  const other = { ...OWNER, sid: newSid('YF') }
  t.equal(read(headers, other), null)
  t.equal(read({ cookie: headers.cookie.replace(OWNER.sid, other.sid) }, other), null, 'under another sid')
  t.equal(read({}, OWNER), null)
})

t.test('nothing in it can be read, and equal bindings don\'t look equal', async t => {
  const { headerFor } = cookieUnder([KEY])
  const [one, another] = [headerFor(BINDING, OWNER), headerFor(BINDING, OWNER)]
  t.not(one, another)
  for (const part of [BINDING.secret, 'alice', OWNER.mark, Buffer.from(BINDING.secret).toString('base64url')]) {
    t.notOk(one.includes(part), part)
  }
})

t.test('every key opens it, and an unknown one doesn\'t', async t => {
  const headers = headersWith(cookieUnder([KEY]).headerFor(BINDING, OWNER))
  t.strictSame(cookieUnder([NEW_KEY, KEY]).read(headers, OWNER), BINDING)
  t.equal(cookieUnder([NEW_KEY]).read(headers, OWNER), null)
})

t.test('it is resealed for a new mark, for the session that has it alone', async t => {
  const { read, headerFor, resealedFor } = cookieUnder([KEY])
  const headers = headersWith(headerFor(BINDING, OWNER))
  const mark = newMark()
  const resealed = headersWith(resealedFor(headers, OWNER, mark) ?? '')
  t.strictSame(read(resealed, { ...OWNER, mark }), BINDING)
  t.equal(read(resealed, OWNER), null)
  t.equal(resealedFor(headers, { ...OWNER, mark }, mark), null)
  t.equal(resealedFor(headers, { ...OWNER, identity: 'bob' }, mark), null)
  t.equal(resealedFor({}, OWNER, mark), null)
})

t.test('the longest one fits in a cookie', async t => {
  const name = encodeURIComponent('\u{1f511}'.repeat(64))
  const secret = 'A'.repeat(103)
  const uri = `otpauth://totp/${name}:${name}?secret=${secret}&issuer=${name}&algorithm=SHA512&digits=8&period=120`
  const line = cookieUnder([KEY], 'x'.repeat(32)).headerFor({ secret, uri }, OWNER)
  t.ok(line.length < 4096, String(line.length))
  t.strictSame(cookieUnder([KEY], 'x'.repeat(32)).read(headersWith(line), OWNER), { secret, uri })
})
