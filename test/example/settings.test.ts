import { randomBytes } from 'node:crypto'
import t from 'tap'
import { settingsOf } from '../../example/settings.js'

t.test('without an environment it is one machine\'s own server', async t => {
  t.same(settingsOf({ PATH: '/bin' }), {
    host: '127.0.0.1',
    port: 3000,
    dataDir: '.data',
    databaseUrl: null,
    sessionSecret: null,
    totpKeys: null,
    clockOffset: 0,
    logLevel: 'warn'
  })
})

t.test('an environment is taken as it is', async t => {
  const keys = [randomBytes(32), randomBytes(32)]
  const settings = settingsOf({
    HOST: '::1',
    PORT: '0',
    DATA_DIR: 'there',
    DATABASE_URL: 'postgresql://somebody@127.0.0.1/some',
    SESSION_SECRET: 's'.repeat(32),
    TOTP_KEYS: keys.map(key => key.toString('base64')).join(', '),
    CLOCK_OFFSET: '-90',
    LOG_LEVEL: 'silent',
    REDIS_URL: ''
  })
  t.same(settings, {
    host: '::1',
    port: 0,
    dataDir: 'there',
    databaseUrl: 'postgresql://somebody@127.0.0.1/some',
    sessionSecret: 's'.repeat(32),
    totpKeys: keys,
    clockOffset: -90,
    logLevel: 'silent'
  })
})

t.test('what makes no sense is refused by its name', async t => {
  const key = randomBytes(32).toString('base64')
  const wrong: Array<[name: string, value: string]> = [
    ['PORT', 'http'], ['PORT', '65536'], ['PORT', '-1'], ['PORT', '80.5'], ['PORT', ' 80'],
    ['CLOCK_OFFSET', 'soon'], ['CLOCK_OFFSET', '1.5'], ['CLOCK_OFFSET', '1e3'], ['CLOCK_OFFSET', ' '],
    ['TOTP_KEYS', ''], ['TOTP_KEYS', 'key'], ['TOTP_KEYS', key.slice(4)], ['TOTP_KEYS', `${key},`],
    ['TOTP_KEYS', `${key},${key}`], ['TOTP_KEYS', `${key.slice(0, -1)}`], ['TOTP_KEYS', '*'.repeat(44)],
    ['SESSION_SECRET', ''], ['SESSION_SECRET', 'short'],
    ['DATABASE_URL', 'nowhere'], ['DATABASE_URL', 'mysql://127.0.0.1/some'],
    ['LOG_LEVEL', 'loud']
  ]
  for (const [name, value] of wrong) {
    t.throws(() => settingsOf({ [name]: value }), { name: 'StartError', message: new RegExp(`^${name} must `) }, name)
  }
})

t.test('what is to come is refused rather than ignored', async t => {
  for (const name of [
    'REDIS_URL', 'TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_VERIFY_SERVICE_SID', 'TWILIO_VERIFY_BASE_URL'
  ]) {
    t.throws(() => settingsOf({ [name]: 'x' }), { name: 'StartError', message: `${name} is not supported yet` })
  }
})
