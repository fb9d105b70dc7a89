import { randomBytes } from 'node:crypto'
import t from 'tap'
import * as errors from '../src/errors.js'
import { scrubbed } from '../src/scrubbed.js'
import { newMark } from '../src/entity/mark.js'
import { encodeSecret, newSecret } from '../src/otp/secret.js'
import { DRIVER_ERRORS, type DriverError } from './driver-errors.js'

t.test('every error has its code, its status and its name', async t => {
  const table: Array<[errors.AnyTotpError, string, number]> = [
    [new errors.InvalidOptionError('maxAge', 'must be an integer'), 'ERR_TOTP_INVALID_OPTION', 500],
    [new errors.MisconfiguredError(new errors.InvalidOptionError('clock', 'must return Unix seconds')),
      'ERR_TOTP_INVALID_OPTION', 500],
    [new errors.MisplacedError('a guard has no next'), 'ERR_TOTP_INVALID_OPTION', 500],
    [new errors.IdentityError(new TypeError('a number')), 'ERR_TOTP_IDENTITY', 500],
    [new errors.UnidentifiedError(), 'ERR_TOTP_UNIDENTIFIED', 401],
    [new errors.CrossSiteError(), 'ERR_TOTP_CROSS_SITE', 403],
    [new errors.MalformedError('code must have 6 to 8 digits'), 'FST_ERR_VALIDATION', 400],
    [new errors.DisabledError(), 'ERR_TOTP_DISABLED', 403],
    [new errors.LockedError(30), 'ERR_TOTP_LOCKED', 429],
    [new errors.NotEnrolledError(), 'ERR_TOTP_NOT_ENROLLED', 403],
    [new errors.ChallengeRequiredError(300), 'ERR_TOTP_CHALLENGE_REQUIRED', 403],
    [new errors.ChallengeRequiredError(300, 401), 'ERR_TOTP_CHALLENGE_REQUIRED', 401],
    [new errors.CodeRequiredError(), 'ERR_TOTP_CODE_REQUIRED', 403],
    [new errors.CodeRequiredError(401), 'ERR_TOTP_CODE_REQUIRED', 401],
    [new errors.ChallengeDeniedError(), 'ERR_TOTP_CHALLENGE_DENIED', 403],
    [new errors.FactorNotFoundError(), 'ERR_TOTP_FACTOR_NOT_FOUND', 404],
    [new errors.FactorLimitError(), 'ERR_TOTP_FACTOR_LIMIT', 409],
    [new errors.ConflictError(), 'ERR_TOTP_CONFLICT', 503],
    [new errors.StoreError(new Error('connection lost')), 'ERR_TOTP_STORE', 503],
    [new errors.ProviderError(new Error('no answer')), 'ERR_TOTP_PROVIDER', 503],
    [new errors.EnrollmentEndedError(), 'ERR_TOTP_FACTOR_NOT_FOUND', 404]
  ]
  for (const [error, code, statusCode] of table) {
    t.ok(error instanceof errors.TotpError && error instanceof Error, error.name)
    t.match(error, { code, statusCode, name: error.constructor.name })
    t.match(error.message, /^[A-Zcf].{5,}$/)
  }
  const classes = Object.entries(errors).filter(([name]) => /^[A-Z]/.test(name) && name !== 'TotpError')
  t.same(classes.map(([name]) => name).sort(), [...new Set(table.map(([error]) => error.name))].sort(),
    'none is missing here')
})

t.test('an error has the headers of its answer', async t => {
  t.equal(new errors.LockedError(30).retryAfter, 30)
  t.equal(new errors.ConflictError().retryAfter, 1)
  t.equal(new errors.ChallengeRequiredError(300).maxAge, 300)
  t.equal(new errors.InvalidOptionError('maxAge', 'must be an integer').message,
    'fastify-verify-totp: option "maxAge" must be an integer')
})

t.test('the message for the user says nothing of the cause', async t => {
  const identity = new errors.IdentityError(new TypeError('identify returned a number'))
  t.match(identity.cause, { message: 'identify returned a number' })
  t.notMatch(identity.message, 'number')
  const store = new errors.StoreError(new Error('relation "totp_entities" does not exist'))
  t.match(store.cause, { message: 'relation "totp_entities" does not exist' })
  t.notMatch(store.message, 'totp_entities')
})

t.test('credentials, secrets, codes and marks are masked in a driver\'s error', async t => {
  const secret = newSecret('sha1')
  const hidden = [
    encodeSecret(secret), encodeSecret(secret).toLowerCase(), secret.toString('hex'),
    secret.toString('base64'), secret.toString('base64url'), newMark(), '123456', '123 456', '123-456',
    '1234567', '12345678', '1234 5678'
  ]
  for (const text of hidden) {
    const message = `bad value "${text}" in query`
    const properties = { code: text, name: text, query: text, parameters: [text] }
    const cause = Object.assign(new Error(message), properties)
    t.notMatch(everything(scrubbed(cause)), text)
    t.notMatch(everything(new errors.StoreError(cause).cause), text)
  }
  const url = 'postgres://totp:hunter2@db.example:5432/app'
  t.notMatch(everything(scrubbed(new Error(`can't connect to ${url}`))), /hunter2|totp:/)
  t.match(scrubbed(new Error(`can't connect to ${url}`)).message, 'db.example')
  t.notMatch(everything(scrubbed(new Error('no such user: redis://:p%40ss@cache'))), 'p%40ss')
})

t.test('name, code, message and frames remain', async t => {
  const cause = Object.assign(new TypeError('column "key" does not exist'), { code: '42703', severity: 'ERROR' })
  const error = scrubbed(cause)
  t.not(error, cause)
  t.match(error, { name: 'TypeError', message: 'column "key" does not exist', code: '42703' })
  t.notOk('severity' in error)
  t.match(error.stack, /^TypeError: column "key" does not exist\n\s+at .*errors\.test\.ts/)
})

t.test('a code that isn\'t text is left out, and so are causes of causes', async t => {
  const error = scrubbed(Object.assign(new Error('lost', { cause: new Error('inner') }), { code: 5 }))
  t.notOk('code' in error)
  t.notOk('cause' in error)
  t.notOk('code' in scrubbed(new Error('lost')))
})

t.test('no line of a message is mistaken for a frame', async t => {
  const error = scrubbed(new Error('first\nGEZDGNBVGY3TQOJQGEZDGNBV\n  at 123456'))
  t.notMatch(everything(error), /GEZDGNBV|123456/)
})

t.test('an error that can\'t be read is scrubbed too', async t => {
  const unreadable = new Error('x')
  Object.defineProperty(unreadable, 'message', { get: () => { throw new Error('secret') } })
  t.match(scrubbed(unreadable), { message: 'an error that can\'t be read' })
  for (const message of [['bad'], 5, null, { secret: 1 }]) {
    t.type(scrubbed(Object.assign(new Error('x'), { message })).message, 'string')
  }
  t.ok(errors.isTotpError(new errors.UnidentifiedError()))
  t.notOk(errors.isTotpError(new Error('ERR_TOTP_LOCKED')))
})

t.test('credentials are masked however they are written', async t => {
  for (const text of ['password=hunter2', 'pwd: hunter2', 'token=hunter2', '//app:hunter2/x@db', '//u:p@hunter2@db', 'password_of_database_user: hunter2', '{"dbPassword":"hunter2"}', 'error: token=hunter2', 'x@y//app:hunter2@db', '//a //app:hunter2@db']) {
    t.notMatch(scrubbed(new Error(`connect ${text} failed`)).message, 'hunter2')
  }
})

t.test('a long message of an attacker\'s is scrubbed in linear time', async t => {
  const [slashes, passes] = ['/'.repeat(1_000_000), 'pass'.repeat(250_000)]
  t.equal(scrubbed(new Error(`${slashes} //u:hunter2@db`)).message, '… //…@db')
  t.equal(scrubbed(new Error(`${passes} pass: hunter2`)).message, '… pass: …')
})

t.test('words in groups of four letters stay, secrets in such groups go', async t => {
  const message = (text: string) => scrubbed(new Error(text)).message
  for (const prose of ['from here this that', 'when your code went wrong: from Here this that']) t.equal(message(prose), prose)
  for (const secret of ['GEZD GNBV GYTT QOJQ', 'gezd gnbv gy3t qojq', 'gezd-gnbv-gytt-qojq', 'gezd gnbv gytt qojq gezd gnbv']) {
    t.equal(message(`secret is ${secret}`), 'secret is …', secret)
  }
})

t.test('a line of separators stays no secret, and no name', async t => {
  t.notMatch(scrubbed(new Error(`x ${'-'.repeat(40)} 123456`)).message, '123456')
})

t.test('words that no one writes so are masked', async t => {
  t.equal(scrubbed(new Error('x hello-WORLD-hello-WORLD-hello')).message, 'x …')
  t.equal(scrubbed(new Error('x hello-world-hello-world-hello')).message, 'x hello-world-hello-world-hello')
})

t.test('an error tells of its causes, three deep', async t => {
  const chain = ['five', 'four', 'three', 'two', 'one'].reduce<Error | undefined>(
    (cause, message) => new Error(message, { cause }), undefined)
  t.equal(scrubbed(chain).message, 'one: two: three: four')
})

t.test('an error of several tells of them only where it says nothing itself', async t => {
  const several = [new Error('connect ECONNREFUSED ::1:5432'), new Error('connect ECONNREFUSED 127.0.0.1:5432')]
  t.equal(scrubbed(new AggregateError(several, 'all failed')).message, 'all failed')
  t.match(scrubbed(new AggregateError(several)).message, /::1:5432; .*127\.0\.0\.1:5432/)
})

t.test('an error without a message keeps its frames', async t => {
  t.match(scrubbed(new Error('')).stack, /^Error: \n\s+at .*errors\.test\.ts/)
})

t.test('an error without frames is scrubbed too', async t => {
  for (const stack of [undefined, '', 'secret', 5]) {
    const cause = new Error('lost')
    Object.defineProperty(cause, 'stack', { value: stack })
    t.equal(scrubbed(cause).stack, 'Error: lost')
  }
})

t.test('any other thrown value is named only by its type', async t => {
  const thrown: Array<[unknown, string]> = [
    [undefined, 'undefined'], [null, 'null'], ['hunter2', 'string'], [123456, 'number'], [{ hunter2: 1 }, 'object'],
    [Symbol('hunter2'), 'symbol'], [() => 'hunter2', 'function'], [['hunter2'], 'object'], [true, 'boolean']
  ]
  for (const [value, type] of thrown) {
    t.equal(scrubbed(value).message, `not an error: ${type}`)
    t.notMatch(everything(scrubbed(value)), /hunter2|123456/)
  }
})

t.test('of a driver\'s error the diagnosis stays, and credentials go', async t => {
  for (const [driverError, stays, goes] of DRIVER_ERRORS) {
    const error = scrubbed(thrown(driverError))
    for (const text of stays) t.ok(error.message.includes(text), `${text} stays in ${error.message}`)
    for (const text of goes) t.notOk(everything(error).includes(text), `${text} goes from ${error.message}`)
    const { name = 'Error', code } = driverError
    t.equal(error.name, name)
    t.equal('code' in error ? error.code : undefined, code)
  }
})

t.test('no secret, mark, hash or key survives, whatever its bytes are', async t => {
  for (let i = 0; i < 2000; i++) {
    const secrets = [
      encodeSecret(randomBytes(20)), encodeSecret(randomBytes(20)).toLowerCase(), newMark(),
      randomBytes(32).toString('base64'), randomBytes(32).toString('base64url'), randomBytes(16).toString('hex')
    ]
    const { message } = scrubbed(new Error(secrets.map(secret => `value "${secret}"`).join(' and ')))
    for (const secret of secrets) if (message.includes(secret)) t.fail(secret)
  }
})

t.test('long names survive, and look-alikes of secrets among them don\'t', async t => {
  const names = ['totp-postgres-5d4f8b9c7d-x2x7z.default.svc.cluster.local', 'ep-cool-darkness-123456.us-east-2.aws.neon.tech',
    'ec2-203-113-25-1.compute-1.amazonaws.com', 'ERR_TLS_CERT_ALTNAME_INVALID', 'MaxRetriesPerRequestError', 'sessions_20261128']
  for (const name of names) t.equal(scrubbed(new Error(name)).message, name)
  const others = ['123e4567-e89b-12d3-a456-426614174000', 'babadecb-d14d-417f-bcde-175d6f08810d', 'AogwhpuqgSibUzdxvnsEyw',
    'UZODAXYFDEQA-Gp-k-_Wgw', 'FH1YF-BSKKRUP-AEMZ486A', 'atng-ihyj-kwiy-yfob-phfe-xiix', 'totp_JBSWY3DPEHPK3PXP']
  for (const other of others) t.equal(scrubbed(new Error(other)).message, '…')
})

function thrown ({ message, name, code, errors, cause }: DriverError): Error {
  const options = cause === undefined ? {} : { cause: new Error(cause) }
  const error = errors === undefined
    ? new Error(message, options)
    : new AggregateError(errors.map(text => new Error(text)), message)
  return Object.assign(error, name === undefined ? {} : { name }, code === undefined ? {} : { code })
}

/** All that a log could find in an error. */
function everything (error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error)
  const names = Object.getOwnPropertyNames(error)
  return names.map(name => `${name}=${JSON.stringify(Reflect.get(error, name))}`).join('\n') + error.name
}
