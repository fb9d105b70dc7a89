import fc from 'fast-check'
import { TOTP, URI } from 'otpauth'
import t from 'tap'
import { isFriendlyName } from '../../src/entity/friendly-name.js'
import type { Alg } from '../../src/otp/hmac.js'
import { keyUri } from '../../src/otp/key-uri.js'
import type { TotpConfig } from '../../src/otp/totp.js'

const SECRET = 'HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ'
const CONFIG: TotpConfig = { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 }

t.test('the URI is that of the Key Uri Format', async t => {
  t.equal(
    keyUri({ issuer: 'ACME Co', account: 'john.doe@email.com', secret: SECRET, config: CONFIG }),
    'otpauth://totp/ACME%20Co:john.doe%40email.com?secret=HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ' +
      '&issuer=ACME%20Co&algorithm=SHA1&digits=6&period=30')
})

t.test('hash, digits and period have the names that apps expect', async t => {
  const uri = keyUri({
    issuer: 'Acme',
    account: 'alice',
    secret: SECRET,
    config: { alg: 'sha512', codeLength: 8, timeStep: 60, skew: 0 }
  })
  t.equal(uri, `otpauth://totp/Acme:alice?secret=${SECRET}&issuer=Acme&algorithm=SHA512&digits=8&period=60`)
})

t.test('no name can add or change a parameter', async t => {
  const awkward = [
    'ACME Co', 'a+b', 'a%3Ab', '%3A', '&issuer=evil', '&secret=AAAA', '#', '#?secret=AAAA', '/', '//evil.example/',
    '?secret=AAAA', '?secret=AAAA&issuer=evil#', 'Ünïcödé', '🔑🗝️', '\u202egnp.exe', '"quoted"', "o'brien", '<b>',
    '\\', '..', '%', '%zz', 'a=b', 'a;b', '\u2028', ' leading', 'trailing ', '`', '{{x}}', '__proto__'
  ]
  for (const issuer of awkward) {
    t.same(awkward.filter(account => !survives(issuer, account, CONFIG)), [], 'no account is changed by this issuer')
  }
})

t.test('any name is read back unchanged by two independent parsers', async t => {
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 64 }).filter(isFriendlyName)
  const config = fc.record({
    alg: fc.constantFrom<Alg>('sha1', 'sha256', 'sha512'),
    codeLength: fc.integer({ min: 6, max: 8 }),
    timeStep: fc.integer({ min: 15, max: 120 }),
    skew: fc.integer({ min: 0, max: 1 })
  })
  t.doesNotThrow(() => fc.assert(fc.property(name, name, config, survives)))
})

/** True when both parsers find each part exactly once, unchanged. */
function survives (issuer: string, account: string, config: TotpConfig): boolean {
  const uri = keyUri({ issuer, account, secret: SECRET, config })
  const url = new URL(uri)
  const parameters = [...url.searchParams]
  const [labelIssuer, labelAccount, ...more] = url.pathname.replace(/^\//, '').split(':').map(decodeURIComponent)
  const seen = JSON.stringify([url.protocol, url.host, url.hash, labelIssuer, labelAccount, more, parameters])
  const put = JSON.stringify(['otpauth:', 'totp', '', issuer, account, [], [
    ['secret', SECRET], ['issuer', issuer], ['algorithm', config.alg.toUpperCase()],
    ['digits', String(config.codeLength)], ['period', String(config.timeStep)]
  ]])
  return seen === put && !uri.includes('+') && !/[^!-~]/.test(uri) && isReadByOtpauth(uri, issuer, account, config)
}

function isReadByOtpauth (uri: string, issuer: string, account: string, config: TotpConfig): boolean {
  const read = URI.parse(uri)
  return read instanceof TOTP && read.issuer === issuer && read.label === account &&
    read.secret.base32 === SECRET && read.algorithm === config.alg.toUpperCase() &&
    read.digits === config.codeLength && read.period === config.timeStep
}
