import { randomBytes } from 'node:crypto'
import t from 'tap'
import { readSettings } from '../../example/site/settings.js'

const HEX = randomBytes(16).toString('hex')
const TWILIO = {
  TWILIO_ACCOUNT_SID: `AC${HEX}`, TWILIO_AUTH_TOKEN: `token of ${HEX}`, TWILIO_VERIFY_SERVICE_SID: `VA${HEX}`
}

t.test('without variables the server is for this machine only', async t => {
  t.same(readSettings({ PATH: '/bin' }), {
    host: '127.0.0.1',
    port: 3000,
    dataDir: '.data',
    databaseUrl: null,
    redisUrl: null,
    sessionSecret: null,
    totpKeys: null,
    twilio: null,
    remember: null,
    clockOffset: 0,
    timeout: 5,
    logLevel: 'warn'
  })
})

t.test('all variables are read', async t => {
  const keys = [randomBytes(32), randomBytes(32)]
  const settings = readSettings({
    HOST: '::1',
    PORT: '0',
    DATA_DIR: 'there',
    DATABASE_URL: 'postgresql://somebody@127.0.0.1/some',
    SESSION_SECRET: 's'.repeat(32),
    TOTP_KEYS: keys.map(key => key.toString('base64')).join(', '),
    CLOCK_OFFSET: '-90',
    TIMEOUT: '60',
    REMEMBER: '3600',
    LOG_LEVEL: 'silent',
    REDIS_URL: '',
    TWILIO_AUTH_TOKEN: ''
  })
  t.same(settings, {
    host: '::1',
    port: 0,
    dataDir: 'there',
    databaseUrl: 'postgresql://somebody@127.0.0.1/some',
    redisUrl: null,
    sessionSecret: 's'.repeat(32),
    totpKeys: keys,
    twilio: null,
    remember: 3600,
    clockOffset: -90,
    timeout: 60,
    logLevel: 'silent'
  })
})

t.test('an invalid variable is named', async t => {
  const key = randomBytes(32).toString('base64')
  const wrong: Array<[name: string, value: string]> = [
    ['PORT', 'http'], ['PORT', '65536'], ['PORT', '-1'], ['PORT', '80.5'], ['PORT', ' 80'],
    ['REMEMBER', 'yes'], ['REMEMBER', '0'], ['REMEMBER', '7776001'], ['REMEMBER', '-1'], ['REMEMBER', '1.5'],
    ['CLOCK_OFFSET', 'soon'], ['CLOCK_OFFSET', '1.5'], ['CLOCK_OFFSET', '1e3'], ['CLOCK_OFFSET', ' '],
    ['TOTP_KEYS', ''], ['TOTP_KEYS', 'key'], ['TOTP_KEYS', key.slice(4)], ['TOTP_KEYS', `${key},`],
    ['TOTP_KEYS', `${key},${key}`], ['TOTP_KEYS', `${key.slice(0, -1)}`], ['TOTP_KEYS', '*'.repeat(44)],
    ['SESSION_SECRET', ''], ['SESSION_SECRET', 'short'],
    ['DATABASE_URL', 'nowhere'], ['DATABASE_URL', 'mysql://127.0.0.1/some'],
    ['TIMEOUT', 'long'], ['TIMEOUT', '0'], ['TIMEOUT', '61'], ['TIMEOUT', '1.5'], ['TIMEOUT', '-1'],
    ['LOG_LEVEL', 'loud']
  ]
  for (const [name, value] of wrong) {
    t.throws(() => readSettings({ [name]: value }), { name: 'StartError', message: new RegExp(`^${name} must `) }, name)
  }
})

t.test('Twilio needs three variables, and a stand-in a fourth', async t => {
  t.same(readSettings(TWILIO).twilio, {
    accountSid: TWILIO.TWILIO_ACCOUNT_SID,
    authToken: TWILIO.TWILIO_AUTH_TOKEN,
    serviceSid: TWILIO.TWILIO_VERIFY_SERVICE_SID,
    baseUrl: null
  })
  const elsewhere = ['https://verify.example', 'https://verify.example:8443', 'http://127.0.0.1:8080', 'http://127.1.2.3',
    'http://localhost:1', 'http://[::1]:8080']
  for (const baseUrl of elsewhere) {
    t.match(readSettings({ ...TWILIO, TWILIO_VERIFY_BASE_URL: baseUrl }).twilio, { baseUrl })
  }
})

t.test('missing variables of Twilio are named', async t => {
  const names = ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_VERIFY_SERVICE_SID'] as const
  for (const name of names) {
    const others = names.filter(other => other !== name)
    t.throws(() => readSettings({ ...TWILIO, [name]: '' }), { name: 'StartError', message: new RegExp(`^${name} must be set`) })
    t.throws(() => readSettings({ [name]: TWILIO[name] }), {
      name: 'StartError', message: new RegExp(`^${others.join(' and ')} must be set`)
    })
  }
  t.throws(() => readSettings({ TWILIO_VERIFY_BASE_URL: 'https://verify.example' }), {
    name: 'StartError', message: new RegExp(`^${names.join(' and ')} must be set`)
  })
})

t.test('an invalid variable of Twilio is named without its value', async t => {
  const wrong: ReadonlyArray<[name: string, ...values: string[]]> = [
    ['TWILIO_ACCOUNT_SID', 'AC1', `SK${HEX}`, `AC${HEX}0`, `AC${HEX}/`],
    ['TWILIO_VERIFY_SERVICE_SID', 'VA1', `AC${HEX}`, `VA${HEX}/..`],
    ['TWILIO_VERIFY_BASE_URL', 'verify.example', 'https://', 'https://verify.example/', 'https://verify.example/v2',
      'https://somebody:password@verify.example', 'ftp://verify.example', 'file:///',
      'http://verify.example', 'http://127.0.0.1.example', 'http://localhost.example', 'http://127.0.0.1@verify.example',
      'http://[::2]', 'http://0.0.0.0', 'http://10.127.0.0.1.example']
  ]
  for (const [name, ...values] of wrong) {
    for (const value of values) {
      const message = new RegExp(`^${name} must be (?!.*${HEX})`)
      t.throws(() => readSettings({ ...TWILIO, [name]: value }), { name: 'StartError', message }, value)
    }
  }
})

t.test('Redis replaces the database', async t => {
  t.match(readSettings({ REDIS_URL: 'rediss://redis.example' }), { redisUrl: 'rediss://redis.example', databaseUrl: null })
  t.throws(() => readSettings({ REDIS_URL: 'x' }), { name: 'StartError', message: /^REDIS_URL must be a URL/ })
  const both = { REDIS_URL: 'redis://127.0.0.1', DATABASE_URL: 'postgres://127.0.0.1/some' }
  t.throws(() => readSettings(both), { name: 'StartError', message: /not both/ })
})
