import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import twilio from 'twilio'
import { twilioProvider } from '../../src/index.js'
import { ROOT } from '../root.js'
import { untyped } from '../untyped.js'
import { hostile, refusal, sidOf } from './hostile.js'
import { enrolledThere, RIGHT, there } from './there.js'

t.test('a client that repeats requests is refused, because each one is another attempt', async t => {
  const { client, serviceSid } = await hostile(t, { autoRetry: true })
  t.throws(() => twilioProvider({ client, serviceSid }), {
    code: 'ERR_TOTP_INVALID_OPTION', message: /option "client" must be made without autoRetry/
  })
  const httpClient = new twilio.RequestClient({ autoRetry: true })
  const other = twilio(sidOf('AC'), 'x'.repeat(32), { httpClient })
  t.throws(() => twilioProvider({ client: other, serviceSid }), { code: 'ERR_TOTP_INVALID_OPTION' })
})

t.test('a client that is too old is refused at boot, without a request', async t => {
  const { client, serviceSid, asked } = await hostile(t)
  const entity = { factors: () => ({ remove () {} }) }
  const old = untyped({ verify: { v2: { services: () => ({ entities: () => entity }) } } })
  t.throws(() => twilioProvider({ client: old, serviceSid }), {
    code: 'ERR_TOTP_INVALID_OPTION', message: /option "client" must be a client of the twilio package, 5.12 or later/
  })
  twilioProvider({ client, serviceSid })
  t.strictSame(asked('stray'), [])
})

t.test('whatever Twilio answers, a request is sent once', async t => {
  for (const instead of [refusal(429, 20429), refusal(500, 20500), refusal(503, 20503), 'reset', { status: 302, body: '' }] as const) {
    const { login, server } = await there(t)
    await enrolledThere(await login('alice'))
    server.answer('create', instead)
    await (await login('alice')).challenge(RIGHT)
    t.equal(server.asked('create').length, 1, JSON.stringify(instead))
    t.strictSame(server.asked('stray'), [])
  }
})

t.test('a wrong client or service is refused at once', async t => {
  const { client, serviceSid } = await hostile(t)
  for (const wrong of [undefined, null, {}, { verify: {} }, { verify: { v2: {} } }, 'twilio']) {
    t.throws(() => twilioProvider({ client: untyped(wrong), serviceSid }), {
      code: 'ERR_TOTP_INVALID_OPTION', message: /option "client"/
    })
  }
  for (const wrong of ['', 'VA', sidOf('YF'), `${sidOf('VA')}\n`, `${sidOf('VA')}/..`, ` ${sidOf('VA')}`, undefined, null, [serviceSid]]) {
    t.throws(() => twilioProvider({ client, serviceSid: untyped(wrong) }), {
      code: 'ERR_TOTP_INVALID_OPTION', message: /option "serviceSid"/
    })
  }
  t.throws(() => twilioProvider(untyped(undefined)), { code: 'ERR_TOTP_INVALID_OPTION', message: /option "client"/ })
  const misspelt = untyped({ client, serviceSid, service: 1 })
  t.throws(() => twilioProvider(misspelt), { code: 'ERR_TOTP_INVALID_OPTION', message: /option "service" is unknown/ })
})

t.test('the package doesn\'t load Twilio\'s', async t => {
  const script = 'const { default: { _cache } } = await import("node:module")\n' +
    'const { twilioProvider } = await import("./dist/index.js")\n' +
    'try { twilioProvider({}) } catch {}\n' +
    'console.log(Object.keys(_cache).filter(file => /node_modules.twilio/.test(file)).length)'
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT })
  t.equal(stdout.trim(), '0')
})
