import { randomBytes } from 'node:crypto'
import t from 'tap'
import twilio from 'twilio'
import { InvalidOptionError } from '../src/errors.js'
import { requirementOf, routeRequirementOf, settingsOf, type Settings, type TotpOptions } from '../src/options.js'
import { twilioProvider } from '../src/providers/twilio.js'
import { memoryStore } from '../src/stores/memory.js'

const KEY = randomBytes(32)
const SERVICE = `VA${'0'.repeat(32)}`
const TWILIO = twilioProvider({ client: twilio(`AC${'0'.repeat(32)}`, 'token'), serviceSid: SERVICE })
const needed = (): TotpOptions => ({ issuer: 'Acme', keys: [KEY], store: memoryStore(), identify: () => 'alice' })

t.test('four options are needed, the others have defaults', async t => {
  const options = needed()
  const settings = settingsOf(options)
  t.match(settings, {
    ...options,
    maxAge: 43200,
    freshness: 300,
    attempts: { lockAfter: 5, lockFor: 30, disableAfter: 50 },
    config: { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 },
    recoveryCodes: 10,
    amr: ['otp'],
    maxFactors: 5,
    name: 'totp',
    prefix: '/totp',
    routes: true,
    timeout: 5
  })
  t.same(settings.trustedOrigins, [])
  t.equal(settings.session, undefined)
  t.equal(settings.friendlyName, undefined)
  t.ok(Math.abs(settings.clock() - Date.now() / 1000) < 60)
  t.equal(settings.onEvent, undefined)
  for (const name of Object.keys(options)) {
    t.throws(() => settings_({ ...options, [name]: undefined }), refusalOf(name), `without ${name}`)
  }
})

t.test('what is given is kept', async t => {
  const given = {
    ...needed(),
    session: { read: () => undefined, write: () => {} },
    friendlyName: () => 'alice',
    maxAge: 600,
    freshness: 60,
    attempts: { lockAfter: 3, lockFor: 60, disableAfter: 20 },
    config: { alg: 'sha256', codeLength: 8, timeStep: 60, skew: 0 },
    provider: TWILIO,
    formerProviders: [],
    reenroll: true,
    recoveryCodes: 0,
    remember: { for: 60 },
    amr: ['otp', 'mfa'],
    acr: 'urn:acme:mfa',
    maxFactors: 1,
    name: 'admins',
    prefix: '/account/2fa',
    pages: { brand: { name: 'Acme' } },
    routes: false,
    trustedOrigins: ['https://app.example', 'http://localhost:8080'],
    timeout: 2.5,
    clock: () => 1_800_000_000,
    context: () => null,
    onEvent: () => {}
  } as const
  t.same(settingsOf(given), given)
})

t.test('freshness is never longer than the age', async t => {
  t.equal(settingsOf({ ...needed(), maxAge: 60 }).freshness, 60)
  t.equal(settingsOf({ ...needed(), maxAge: 300 }).freshness, 300)
  t.equal(settingsOf({ ...needed(), maxAge: 301 }).freshness, 300)
})

/** What is right at its edges, and what is wrong, for every option. */
const RANGES: Array<[option: string, right: unknown[], wrong: unknown[]]> = [
  ['issuer', ['A', 'Acme Co', 'é', '🔑'.repeat(64)],
    ['', 'a:b', 'a\nb', 'a'.repeat(65), '\ud800', null, 5, ['Acme'], {}, true]],
  ['keys', [[KEY], [randomBytes(32), KEY], [new Uint8Array(KEY)]],
    [[], null, KEY, KEY.toString('base64'), [KEY.toString('base64')], [KEY, KEY], [KEY, Buffer.from(KEY)],
      [Buffer.alloc(32)], [Buffer.alloc(32, 7)], [KEY, Buffer.alloc(32)], [randomBytes(31)],
      [randomBytes(33)], [randomBytes(16)], [KEY, null], [undefined], [[...KEY]], {}, { 0: KEY, length: 1 },
      [new Uint16Array(32)], new Set([KEY])]],
  ['store', [memoryStore(), { get: async () => null, replace: async () => true }],
    [null, {}, { get: async () => null }, { replace: async () => true }, { get: 1, replace: 1 }, 'memory', memoryStore]],
  ['identify', [() => null, async () => 'alice'], [null, 'alice', {}, 5]],
  ['session', [{ read: () => null, write: () => {} }], [null, {}, { read: () => null }, 'cookie', () => {}, 5]],
  ['friendlyName', [() => 'alice', async () => 'alice'], [null, 'alice', {}, 5]],
  ['maxAge', [1, 2_592_000], numbersBut([0, 2_592_001])],
  ['freshness', [1, 43200], numbersBut([0, 43201])],
  ['attempts.lockAfter', [1, 10], numbersBut([0, 11])],
  ['attempts.lockFor', [30, 3600], numbersBut([29, 0, 3601])],
  ['attempts.disableAfter', [5, 100], numbersBut([4, 0, 101])],
  ['config.alg', ['sha1', 'sha256', 'sha512'], ['SHA1', 'sha-1', 'md5', '', null, ['sha1'], 1, 'toString']],
  ['config.codeLength', [6, 8], numbersBut([0, 5, 9, 10])],
  ['config.timeStep', [15, 120], numbersBut([0, 14, 121, 1e9])],
  ['config.skew', [0, 1], numbersBut([-1, 2, 99])],
  ['provider', [TWILIO], [null, 'twilio', {}, { name: 'twilio' }, () => TWILIO, [TWILIO]]],
  ['formerProviders', [[], [TWILIO]], [null, TWILIO, [null], [{}], [TWILIO, TWILIO]]],
  ['reenroll', [true, false], [null, 0, 'true', {}]],
  ['remember', [undefined, { for: 60 }, { for: 60, insecure: true }], [null, 60, true]],
  ['amr', [['otp'], ['pwd', 'otp', 'mfa']],
    [null, 'otp', [], [''], ['a b'], [5], [null], {}, Array.from({ length: 9 }, () => 'otp')]],
  ['acr', ['urn:acme:mfa', '2', 'https://refeds.org/profile/mfa', 'x'.repeat(128)],
    [null, '', 'a b', 'a"b', 'a\\b', 'a\nb', 'ä', 5, ['a'], {}, 'x'.repeat(129)]],
  ['recoveryCodes', [0, 16], numbersBut([-1, 17])],
  ['maxFactors', [1, 10], numbersBut([0, 11])],
  ['name', ['a', 'A1', `a${'b'.repeat(31)}`], ['', '1a', 'a b', 'a-b', '__proto__', `a${'b'.repeat(32)}`, 5, null]],
  ['pages', [undefined, { brand: { name: 'Acme' } }], [null, true, []]],
  ['prefix', ['/totp', '/a/b', '/v1.0', '/a-b_c~d'],
    ['', '/', '//', '//evil.example', 'totp', '/totp/', '*', '/*', '/:id', '/a b', '/a?b', '/a#b', '/a//b', '/a%2f',
      '/a\n', '/é', null, 5, ['/totp']]],
  ['routes', [true, false], [null, 0, 1, 'false', '', {}]],
  ['trustedOrigins',
    [[], ['https://app.example'], ['http://localhost:8080', 'https://[::1]'], ['capacitor://localhost', 'tauri://localhost'],
      ['ionic://localhost', 'app://acme.desktop:8080', 'chrome-extension://abcdefghijklmnopabcdefghijklmnop'],
      ['moz-extension://0b7d0e2c-5b0f-4f5c-9d5e-000000000000']],
    [null, 'https://app.example', [''], ['app.example'], ['https://app.example/'], ['https://app.example/path'],
      ['HTTPS://APP.EXAMPLE'], ['https://app.example:443'], ['*'], ['https://*.example'], ['null'], [null], [5],
      ['capacitor://'], ['capacitor://localhost/'], ['capacitor://user@localhost'], ['Capacitor://localhost'],
      ['capacitor://*'], ['capacitor:localhost'], ['file://localhost'], ['ws://app.example'], ['javascript://app.example'],
      ['data:text/html,x'], ['https://a.example', 'b'], ['https://user@app.example'], {}]],
  ['timeout', [1, 1.5, 60], [0, 0.999, 60.001, 61, -1, NaN, Infinity, '5', null, [5], {}]],
  ['clock', [() => 0, () => 1_800_000_000.5],
    [null, 5, 'now', {}, () => NaN, () => Infinity, () => -1, () => Date.now(), () => undefined, () => 'now',
      () => ({}), async () => 1_800_000_000]],
  ['context', [() => null, () => ({ ip: '127.0.0.1' })], [null, 5, 'ip', {}, []]],
  ['onEvent', [() => {}, async () => {}], [null, 5, 'log', {}, []]],
  ['attempts', [undefined, {}], [null, 5, 'none', true]],
  ['config', [undefined, {}], [null, 5, 'sha1', false]]
]

t.test('each option is checked, to the edges of its range, and named', async t => {
  for (const [option, right, wrong] of RANGES) {
    for (const value of right) t.doesNotThrow(() => settings_(withOption(option, value)), `${option} as it may be`)
    for (const value of wrong) {
      t.throws(() => settings_(withOption(option, value)), refusalOf(option), `${option} as ${shown(value)}`)
    }
  }
})

t.test('no option is without its check', async t => {
  const settings = settingsOf(needed())
  const given = { ...settings, session: null, friendlyName: null, provider: null, onEvent: null }
  const names = Object.entries(given).flatMap(([name, value]) =>
    ['attempts', 'config'].includes(name) ? Object.keys(Object(value)).map(inner => `${name}.${inner}`) : name)
  t.same([...new Set(names)].sort(), RANGES.map(([name]) => name).filter(isNoGroup).sort())
})

t.test('what an option may be depends on the others', async t => {
  t.throws(() => settingsOf({ ...needed(), maxAge: 60, freshness: 61 }), refusalOf('freshness'))
  const attempts = { lockAfter: 10, disableAfter: 9 }
  t.throws(() => settingsOf({ ...needed(), attempts }), refusalOf('attempts.disableAfter'))
  for (const timeStep of [15, 19, 61, 120]) {
    t.doesNotThrow(() => settingsOf({ ...needed(), config: { timeStep } }))
    const options = { ...needed(), provider: TWILIO, config: { timeStep } }
    t.throws(() => settingsOf(options), refusalOf('config.timeStep'), 'Twilio has its own limits')
  }
  const twice = { ...needed(), provider: TWILIO, formerProviders: [TWILIO] }
  t.throws(() => settingsOf(twice), refusalOf('formerProviders'))
})

t.test('limits can not be turned off', async t => {
  for (const option of ['lockAfter', 'lockFor', 'disableAfter']) {
    for (const off of [0, null, false, Infinity, -1]) {
      t.throws(() => settings_(withOption(`attempts.${option}`, off)), refusalOf(`attempts.${option}`))
    }
  }
})

t.test('unknown options are refused by name', async t => {
  for (const option of [
    'maxAttemps', 'Issuer', 'secret', 'constructor', 'toString', 'attempts.lockafter', 'attempts.enabled', 'config.digits',
    'config.window', 'config.constructor'
  ]) {
    t.throws(() => settings_(withOption(option, 1)), { ...refusalOf(option), message: /is unknown$/ }, option)
  }
  t.throws(() => settings_({ ...needed(), ...JSON.parse('{"__proto__": 1}') }), refusalOf('__proto__'))
})

t.test('something that is no options object is refused', async t => {
  for (const options of [undefined, null, 5, 'Acme', true]) {
    t.throws(() => settings_(options), InvalidOptionError, shown(options))
  }
  for (const options of [[], () => {}, new Map()]) t.throws(() => settings_(options), InvalidOptionError)
})

t.test('options are neither changed nor needed to be plain', async t => {
  const frozen = Object.freeze({
    ...needed(), keys: Object.freeze([KEY]), attempts: Object.freeze({}), config: Object.freeze({ skew: 0 })
  })
  const before = JSON.stringify(frozen)
  t.equal(settingsOf(frozen).config.skew, 0)
  t.equal(JSON.stringify(frozen), before)

  const bare = Object.assign(Object.create(null), needed(), { attempts: Object.create(null) })
  t.equal(settings_(bare).issuer, 'Acme')
  const computed = { ...needed(), get issuer () { return 'Computed' } }
  t.equal(settingsOf(computed).issuer, 'Computed')
  class Shop { readonly title = 'Shop' }
  t.throws(() => settings_(Object.assign(new Shop(), needed())), refusalOf('title'))
})

t.test('a store may be of a class', async t => {
  class Documents {
    async get () { return null }
    async replace () { return true }
  }
  const store = new Documents()
  t.equal(settingsOf({ ...needed(), store }).store, store)
})

t.test('a refusal repeats no key', async t => {
  for (const keys of [[KEY, KEY], [KEY.toString('hex')], [KEY.subarray(1)]]) {
    try {
      settings_({ ...needed(), keys })
      t.fail('accepted')
    } catch (error) {
      t.notMatch(String(error), KEY.toString('hex', 1, 8))
    }
  }
})

t.test('a route may ask for less age than the plugin, and not for more', async t => {
  const methods = ['totp', 'recovery', 'pass']
  const all = [...methods, 'remembered']
  t.same(requirementOf({}, 600), { maxAge: 600, methods: all, unenrolled: 'deny' })
  t.same(requirementOf({ maxAge: 60, unenrolled: 'allow' }, 600), { maxAge: 60, methods, unenrolled: 'allow' })
  t.same(requirementOf({ methods: ['totp'] }, 600), { maxAge: 600, methods: ['totp'], unenrolled: 'deny' })
  t.same(requirementOf({ maxAge: 600, unenrolled: 'deny' }, 600), { maxAge: 600, methods, unenrolled: 'deny' })
  t.same(routeRequirementOf({ anonymous: 'allow' }, 600), {
    anonymous: 'allow',
    perRequest: false,
    unenrolled: 'deny',
    requirements: {
      deny: { maxAge: 600, methods: all, unenrolled: 'deny' },
      allow: { maxAge: 600, methods: all, unenrolled: 'allow' }
    }
  })
  for (const maxAge of numbersBut([0, 601])) {
    t.throws(() => requirement_({ maxAge }), refusalOf('required.maxAge'), shown(maxAge))
  }
})

t.test('a route may ask for one or more methods', async t => {
  for (const methods of [['totp'], ['pass', 'totp'], ['totp', 'recovery', 'pass']]) {
    t.same(requirement_({ methods }), {
      anonymous: 'deny',
      perRequest: false,
      unenrolled: 'deny',
      requirements: {
        deny: { maxAge: 600, methods, unenrolled: 'deny' }, allow: { maxAge: 600, methods, unenrolled: 'allow' }
      }
    })
  }
  for (const methods of [[], 'totp', ['TOTP'], ['totp', 'sms'], ['toString'], [['totp']], [null], null, {}, true, 0]) {
    t.throws(() => requirement_({ methods }), refusalOf('required.methods'), shown(methods))
    t.throws(() => Reflect.apply(requirementOf, undefined, [{ methods }, 600]), refusalOf('required.methods'), shown(methods))
  }
  const own: Array<'totp' | 'pass'> = ['totp']
  const requirement = requirementOf({ methods: own }, 600)
  own.push('pass')
  t.same(requirement.methods, ['totp'], 'a list that is changed later changes no requirement')
})

t.test('a guard may ask a function about users without a factor; a check may not', async t => {
  const unenrolled = () => 'deny' as const
  t.equal(routeRequirementOf({ unenrolled }, 600).unenrolled, unenrolled)
  t.throws(() => Reflect.apply(requirementOf, undefined, [{ unenrolled }, 600]), refusalOf('required.unenrolled'))
})

t.test('a route may say deny or allow, and nothing else', async t => {
  for (const unenrolled of ['Allow', 'allow ', '', 'skip', true, false, null, 0, ['allow'], {}, new Date()]) {
    t.throws(() => requirement_({ unenrolled }), refusalOf('required.unenrolled'), shown(unenrolled))
  }
  t.throws(() => requirement_({ maxage: 60 }), refusalOf('required.maxage'))
  for (const asked of [null, 60, 'allow', true]) t.throws(() => requirement_(asked), refusalOf('required'), shown(asked))
})

/** `settingsOf` as it is called without types. */
function settings_ (options: unknown): Settings<unknown, unknown> {
  return Reflect.apply(settingsOf, undefined, [options])
}

function requirement_ (asked: unknown): unknown {
  return Reflect.apply(routeRequirementOf, undefined, [asked, 600])
}

/** All that is needed, and one option more: `a`, or `a.b` for an option in a group. */
function withOption (option: string, value: unknown): unknown {
  const [name = '', inner] = option.split('.')
  return { ...needed(), [name]: inner === undefined ? value : { [inner]: value } }
}

function isNoGroup (option: string): boolean {
  return option !== 'attempts' && option !== 'config'
}

/** Wrong where an integer of a range is asked for. */
function numbersBut (outside: number[]): unknown[] {
  return [...outside, -1, 1.5, NaN, Infinity, -Infinity, '6', '', null, true, [6], {}, 6n, () => 6]
}

function refusalOf (option: string) {
  const message = new RegExp(`option "${option.replace('.', '\\.')}" `)
  return { constructor: InvalidOptionError, code: 'ERR_TOTP_INVALID_OPTION', statusCode: 500, message }
}

function shown (value: unknown): string {
  return typeof value === 'string' || Array.isArray(value) ? `${typeof value} of ${value.length}` : String(value)
}
