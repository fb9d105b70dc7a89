import t from 'tap'
import * as errors from '../src/errors.js'
import { newMark } from '../src/entity/mark.js'
import { encodeSecret, newSecret } from '../src/otp/secret.js'

const { scrubbed } = errors

t.test('every error has its code, its status and its name', async t => {
  const table: Array<[errors.AnyTotpError, string, number]> = [
    [new errors.InvalidOptionError('maxAge', 'must be an integer'), 'ERR_TOTP_INVALID_OPTION', 500],
    [new errors.MisconfiguredError(new errors.InvalidOptionError('clock', 'must return Unix seconds')),
      'ERR_TOTP_INVALID_OPTION', 500],
    [new errors.IdentityError(new TypeError('a number')), 'ERR_TOTP_IDENTITY', 500],
    [new errors.UnidentifiedError(), 'ERR_TOTP_UNIDENTIFIED', 401],
    [new errors.CrossSiteError(), 'ERR_TOTP_CROSS_SITE', 403],
    [new errors.MalformedError('code must have 6 to 8 digits'), 'FST_ERR_VALIDATION', 400],
    [new errors.DisabledError(), 'ERR_TOTP_DISABLED', 403],
    [new errors.LockedError(30), 'ERR_TOTP_LOCKED', 429],
    [new errors.NotEnrolledError(), 'ERR_TOTP_NOT_ENROLLED', 403],
    [new errors.ChallengeRequiredError(300), 'ERR_TOTP_CHALLENGE_REQUIRED', 403],
    [new errors.ChallengeRequiredError(300, 401), 'ERR_TOTP_CHALLENGE_REQUIRED', 401],
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

t.test('an error carries what its answer needs', async t => {
  t.equal(new errors.LockedError(30).retryAfter, 30)
  t.equal(new errors.ConflictError().retryAfter, 1)
  t.equal(new errors.ChallengeRequiredError(300).maxAge, 300)
  t.equal(new errors.InvalidOptionError('maxAge', 'must be an integer').message,
    'fastify-verify-totp: option "maxAge" must be an integer')
})

t.test('the message for everybody says nothing of the cause', async t => {
  const identity = new errors.IdentityError(new TypeError('identify returned a number'))
  t.match(identity.cause, { message: 'identify returned a number' })
  t.notMatch(identity.message, 'number')
  const store = new errors.StoreError(new Error('relation "totp_entities" does not exist'))
  t.match(store.cause, { message: 'relation "totp_entities" does not exist' })
  t.notMatch(store.message, 'totp_entities')
})

t.test('an error of a driver loses credentials, secrets, codes and marks', async t => {
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

t.test('a code that is no text is left out, and causes of causes go', async t => {
  const error = scrubbed(Object.assign(new Error('lost', { cause: new Error('inner') }), { code: 5 }))
  t.notOk('code' in error)
  t.notOk('cause' in error)
  t.notOk('code' in scrubbed(new Error('lost')))
})

t.test('a message of several lines leaves no line in the frames', async t => {
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

t.test('credentials are hidden however they are written', async t => {
  for (const text of ['password=hunter2', 'pwd: hunter2', 'token=hunter2', '//app:hunter2/x@db', '//u:p@hunter2@db', 'password_of_database_user: hunter2', '{"dbPassword":"hunter2"}', 'error: token=hunter2', 'x@y//app:hunter2@db', '//a //app:hunter2@db']) {
    t.notMatch(scrubbed(new Error(`connect ${text} failed`)).message, 'hunter2')
  }
})

t.test('a message that a stranger has made as long as they could is scrubbed in one go', async t => {
  const [slashes, passes] = ['/'.repeat(1_000_000), 'pass'.repeat(250_000)]
  t.equal(scrubbed(new Error(`${slashes} //u:hunter2@db`)).message, '… //…@db')
  t.equal(scrubbed(new Error(`${passes} pass: hunter2`)).message, '… pass: …')
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

t.test('whatever else was thrown is named by its type alone', async t => {
  const thrown: Array<[unknown, string]> = [
    [undefined, 'undefined'], [null, 'null'], ['hunter2', 'string'], [123456, 'number'], [{ hunter2: 1 }, 'object'],
    [Symbol('hunter2'), 'symbol'], [() => 'hunter2', 'function'], [['hunter2'], 'object'], [true, 'boolean']
  ]
  for (const [value, type] of thrown) {
    t.equal(scrubbed(value).message, `not an error: ${type}`)
    t.notMatch(everything(scrubbed(value)), /hunter2|123456/)
  }
})

/** All that a log could find in an error. */
function everything (error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error)
  const names = Object.getOwnPropertyNames(error)
  return names.map(name => `${name}=${JSON.stringify(Reflect.get(error, name))}`).join('\n') + error.name
}
