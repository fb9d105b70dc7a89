import { URI } from 'otpauth'
import t from 'tap'
import { testClock, virtualAuthenticator } from '../../src/testing.js'
import { site } from '../site.js'

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const START = testClock()()
const scanned = (uri: string) => virtualAuthenticator({ uri }, { clock: testClock() })

t.test('it shows the codes that another app shows, and the names', async t => {
  for (const parameters of [
    '', '&issuer=Acme', '&algorithm=SHA1&digits=6&period=30', '&algorithm=SHA256', '&algorithm=sha512&digits=8',
    '&digits=7&period=60', '&period=15&image=https%3A%2F%2Facme.example%2Flogo.png'
  ]) {
    const uri = `otpauth://totp/Acme:alice%40acme.example?secret=${SECRET}${parameters}`
    const { issuer, account, code } = scanned(uri)
    t.equal(code(), URI.parse(uri).generate({ timestamp: START * 1000 }), uri)
    t.strictSame([issuer, account], ['Acme', 'alice@acme.example'])
  }
})

t.test('it reads labels and parameters as apps do', async t => {
  const names = (uri: string) => {
    const { issuer, account } = scanned(uri)
    return [issuer, account]
  }
  t.strictSame(names(`otpauth://totp/alice?secret=${SECRET}`), ['', 'alice'])
  t.strictSame(names(`otpauth://totp/alice?secret=${SECRET}&issuer=Acme%20Ltd`), ['Acme Ltd', 'alice'])
  t.strictSame(names(`otpauth://totp/Acme%3A%20alice?secret=${SECRET}`), ['Acme', 'alice'])
  t.strictSame(names(`otpauth://totp/Acme:a:b?secret=${SECRET}`), ['Acme', 'a:b'])
  t.strictSame(names(`otpauth://totp/A:alice?secret=${SECRET}&issuer=Acme`), ['Acme', 'alice'])
  t.strictSame(names(`otpauth://totp/Acme+Ltd:alice?secret=${SECRET}`), ['Acme+Ltd', 'alice'], 'a plus is a plus')
  t.strictSame(names(`OTPAUTH://TOTP/alice?secret=${SECRET.toLowerCase()}====&flag`), ['', 'alice'])
})

t.test('it refuses what apps refuse, and tells no secret', async t => {
  const refused = {
    'no otpauth:// URI': [
      '', 'alice', `https://totp/alice?secret=${SECRET}`, `otpauth://totp?secret=${SECRET}`,
      `otpauth://totp/?secret=${SECRET}`, 'otpauth://totp/alice', `otpauth://totp/alice?secret=${SECRET}#x`
    ],
    'its type is hotp': [`otpauth://hotp/alice?secret=${SECRET}&counter=0`],
    'it names no account': [`otpauth://totp/Acme:?secret=${SECRET}`, `otpauth://totp/Acme:%20?secret=${SECRET}`],
    'its algorithm is': ['MD5', '', 'SHA-1', '__proto__'].map(alg => withParameter('algorithm', alg)),
    'its digits are': ['5', '9', '', 'six', '06'].map(digits => withParameter('digits', digits)),
    'its period is': ['0', '-30', '', '1.5', '10000', '3e1'].map(period => withParameter('period', period)),
    'no usable secret': [
      'otpauth://totp/alice?issuer=Acme', 'otpauth://totp/alice?secret=', 'otpauth://totp/alice?secret=0189',
      `otpauth://totp/alice?secret=${SECRET}A`, 'otpauth://totp/alice?secret=GEZDGNBV'
    ],
    'percent-encoding is broken': [`otpauth://totp/100%?secret=${SECRET}`, withParameter('issuer', '%E4')]
  }
  for (const [reason, uris] of Object.entries(refused)) {
    for (const uri of uris) {
      t.throws(() => scanned(uri), { message: new RegExp(`^an authenticator app refuses this key URI: .*${reason}`) }, uri)
    }
  }
  const told = Object.values(refused).flat().map(uri => {
    try {
      scanned(uri)
    } catch (error) {
      return String(error)
    }
    return ''
  })
  t.notMatch(told.join(), SECRET)
})

t.test('without a clock it has that of the machine', async t => {
  t.intercept(Date, 'now', { value: () => START * 1000 + 999 })
  const uri = `otpauth://totp/alice?secret=${SECRET}`
  t.equal(virtualAuthenticator({ uri }).code(), scanned(uri).code())
})

t.test('nextCode moves a test clock to the next step, once the code of the current one was given', async t => {
  const clock = testClock()
  const phone = virtualAuthenticator({ uri: `otpauth://totp/alice?secret=${SECRET}&period=60` }, { clock })
  const first = phone.nextCode()
  t.equal(first, phone.code())
  t.equal(clock(), START, 'there was no reason to move it')
  clock.advance(20)
  const second = phone.nextCode()
  t.equal(clock(), START + 60, 'the beginning of the next step')
  t.equal(second, phone.code())
  t.not(second, first)
  clock.advance(-60)
  t.not(phone.nextCode(), second, 'a clock that goes back brings no code again')
  t.equal(clock(), START + 120)
  clock.advance(600)
  const shown = phone.code()
  t.equal(clock(), START + 720)
  t.not(phone.nextCode(), shown, 'a code that was only shown counts as given')
})

t.test('with another clock, nextCode gives the code of the next step early, and then none', async t => {
  let now = START
  const phone = virtualAuthenticator({ uri: `otpauth://totp/alice?secret=${SECRET}` }, { clock: () => now })
  const codes = [phone.nextCode(), phone.nextCode()]
  t.throws(() => phone.nextCode(), { message: /were given already: move the clock/ })
  now += 30
  t.equal(phone.code(), codes[1])
  codes.push(phone.nextCode())
  t.throws(() => phone.nextCode(), { message: /were given already/ })
  now += 30
  t.equal(phone.code(), codes[2])
})

t.test('nextCode skips a step whose code the server has spent with its neighbor', async t => {
  const TWIN = 62_075_368 // the next step has the same code
  const clock = testClock(TWIN * 30)
  const phone = virtualAuthenticator({ uri: `otpauth://totp/alice?secret=${SECRET}` }, { clock })
  const code = phone.nextCode()
  clock.advance(30)
  t.equal(phone.code(), code)
  clock.advance(-30)
  t.not(phone.nextCode(), code)
  t.equal(clock(), (TWIN + 2) * 30)
})

t.test('a server accepts every code that nextCode gives', async t => {
  for (const config of [{}, { skew: 0 }, { alg: 'sha512', codeLength: 8, timeStep: 60, skew: 1 }] as const) {
    const clock = testClock()
    const { login } = await site(t, { totp: { clock, config } })
    const alice = await login('alice')
    const { factor, binding } = (await alice.post('/totp/factors', {})).json()
    const phone = virtualAuthenticator(binding, { clock })
    t.strictSame([phone.issuer, phone.account], ['Acme', 'alice'])
    t.equal((await alice.post(`/totp/factors/${factor.sid}/verify`, { code: phone.nextCode() })).status, 200)
    for (let i = 0; i < 5; i++) t.equal((await alice.challenge(phone.nextCode())).status, 200)
    t.equal((await alice.challenge(phone.code())).code, 'ERR_TOTP_CHALLENGE_DENIED', 'code gives a spent one')
  }
})

function withParameter (name: string, value: string): string {
  return `otpauth://totp/alice?secret=${SECRET}&${name}=${value}`
}
