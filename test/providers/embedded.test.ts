import { randomBytes } from 'node:crypto'
import { URI } from 'otpauth'
import t from 'tap'
import { newSid } from '../../src/entity/entity.js'
import { MalformedError } from '../../src/errors.js'
import { embeddedProvider } from '../../src/providers/embedded.js'
import { createKeyring, UnsealableError } from '../../src/seal.js'
import { authenticator } from '../authenticator.js'
import { NOW, unverifiedFactor, verifiedFactor } from '../entity/documents.js'

const [KEY, OTHER] = [randomBytes(32), randomBytes(32)]
const provider = embeddedProvider({ issuer: 'Acme', keyring: createKeyring([KEY]) })
const config = { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 } as const
const GIVEN = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const newFactor = () => ({
  identity: 'alice', factorSid: newSid('YF'), label: 'My phone', config, secret: undefined
})

t.test('a new factor has its own secret, as long as its hash', async t => {
  const secrets = Array.from({ length: 100 }, () => provider.bind(newFactor()).secret)
  t.equal(new Set(secrets).size, 100)
  for (const [alg, length] of [['sha1', 32], ['sha256', 52], ['sha512', 103]] as const) {
    t.equal(provider.bind({ ...newFactor(), config: { ...config, alg } }).secret.length, length)
  }
})

t.test('the URI has everything that an app needs', async t => {
  const { secret, uri } = provider.bind({ ...newFactor(), config: { ...config, alg: 'sha256', codeLength: 8 } })
  const app = URI.parse(uri)
  t.match(app, { issuer: 'Acme', label: 'My phone', algorithm: 'SHA256', digits: 8, period: 30 })
  t.equal(app.secret.base32, secret)
})

t.test('the kept factor shows nothing of the secret', async t => {
  const { secret, sealed, uri } = provider.bind({ ...newFactor(), secret: GIVEN })
  t.equal(secret, GIVEN)
  t.match(uri, GIVEN)
  const bytes = Buffer.from('12345678901234567890')
  for (const text of [GIVEN, '1234567890', bytes.toString('hex')]) t.notMatch(sealed, text)
})

t.test('a given secret may be in any spelling, and has to be usable', async t => {
  t.equal(provider.bind({ ...newFactor(), secret: 'gezd gnbv gy3t qojq gezd gnbv gy3t qojq' }).secret, GIVEN)
  for (const secret of ['', 'JBSWY3DPEHPK3PXP', 'A'.repeat(32), `${GIVEN}0`]) {
    t.throws(() => provider.bind({ ...newFactor(), secret }), MalformedError, secret)
  }
})

t.test('the codes of an app match the step that they belong to', async t => {
  const made = newFactor()
  const { secret, sealed } = provider.bind(made)
  const app = authenticator(secret)
  for (const factor of [
    verifiedFactor({ sid: made.factorSid, sealed }),
    unverifiedFactor(null, 1, { sid: made.factorSid, sealed })
  ]) {
    t.same(provider.judge('alice', factor, app.code(NOW), NOW), { step: NOW / 30, sealed })
    t.same(provider.judge('alice', factor, app.code(NOW + 30), NOW), { step: NOW / 30 + 1, sealed })
    t.same(provider.judge('alice', factor, app.wrongCode(NOW), NOW), { step: null, sealed })
  }
})

t.test('a factor is judged by its own config', async t => {
  const made = { ...newFactor(), config: { alg: 'sha512', codeLength: 8, timeStep: 60, skew: 0 } as const }
  const { secret, sealed } = provider.bind(made)
  const app = authenticator(secret, made.config)
  const factor = verifiedFactor({ sid: made.factorSid, sealed, config: made.config })
  t.equal(provider.judge('alice', factor, app.code(NOW), NOW).step, NOW / 60)
  t.equal(provider.judge('alice', factor, app.code(NOW + 60), NOW).step, null, 'no skew')
  t.equal(provider.judge('alice', { ...factor, config }, authenticator(secret).code(NOW), NOW).step, NOW / 30)
  t.equal(provider.judge('alice', factor, authenticator(secret).code(NOW), NOW).step, null)
})

t.test('a secret under an old key opens, and is sealed again under the first', async t => {
  const made = newFactor()
  const { secret, sealed } = provider.bind(made)
  const rotated = embeddedProvider({ issuer: 'Acme', keyring: createKeyring([OTHER, KEY]) })
  const factor = verifiedFactor({ sid: made.factorSid, sealed })
  for (const code of [authenticator(secret).code(NOW), authenticator(secret).wrongCode(NOW)]) {
    const renewed = rotated.judge('alice', factor, code, NOW).sealed
    t.not(renewed, sealed)
    const alone = embeddedProvider({ issuer: 'Acme', keyring: createKeyring([OTHER]) })
    t.ok(alone.isSecretOf('alice', { ...factor, sealed: renewed }, secret))
  }
})

t.test('a secret is recognized in every spelling, and another one isn\'t', async t => {
  const made = { ...newFactor(), secret: GIVEN }
  const factor = verifiedFactor({ sid: made.factorSid, sealed: provider.bind(made).sealed })
  for (const secret of [GIVEN, GIVEN.toLowerCase()]) t.ok(provider.isSecretOf('alice', factor, secret))
  for (const secret of [provider.bind(newFactor()).secret, `${GIVEN}MFRGG`, GIVEN.slice(0, 30) + 'QQ']) {
    t.notOk(provider.isSecretOf('alice', factor, secret), secret)
  }
})

t.test('a secret of another identity, factor or key is never used to judge', async t => {
  const made = { ...newFactor(), secret: GIVEN }
  const { sealed } = provider.bind(made)
  const factor = verifiedFactor({ sid: made.factorSid, sealed })
  const code = authenticator(GIVEN).code(NOW)
  const stranger = embeddedProvider({ issuer: 'Acme', keyring: createKeyring([OTHER]) })
  t.throws(() => provider.judge('bob', factor, code, NOW), UnsealableError)
  t.throws(() => provider.judge('alice', verifiedFactor({ sealed }), code, NOW), UnsealableError)
  t.throws(() => stranger.judge('alice', factor, code, NOW), UnsealableError)
  t.throws(() => provider.isSecretOf('bob', factor, GIVEN), UnsealableError)
})
