import { Ajv } from 'ajv'
import fc from 'fast-check'
import t from 'tap'
import * as plain from '../../src/http/plain-schemas.js'
import { parserOf, type Schema } from '../../src/http/schema.js'
import * as schemas from '../../src/http/schemas.js'

const REQUESTS = ['EnrollBody', 'VerifyBody', 'RenameBody', 'ChallengeBody', 'FactorParams', 'Nothing'] as const
const SID = `YF${'0123456789abcdef'.repeat(2)}`

t.test('the plain schemas are the typed ones: if not, run `npm run schemas`', async t => {
  t.strictSame({ ...plain }, JSON.parse(JSON.stringify(schemas)))
})

/** Values that often fit a property, and often almost fit. */
const values = fc.oneof(
  fc.stringMatching(/^[0-9]{3}[ -]?[0-9]{2,5}$/), fc.stringMatching(/^.{0,70}$/su), fc.integer(), fc.boolean(),
  fc.constantFrom<unknown>('svg', 'png', SID, SID.toUpperCase(), `${SID}0`, '123456\n', ['123456'], null)
)

/** Objects that have properties of the schema, and sometimes another one. */
function objectsLike ({ properties = {} }: Schema): fc.Arbitrary<object> {
  const own = Object.fromEntries(Object.keys(properties).map(name => [name, values]))
  const other = fc.dictionary(fc.constantFrom('x', '__proto__', 'toString'), values, { maxKeys: 1 })
  return fc.tuple(fc.record(own, { requiredKeys: [] }), fc.option(other, { freq: 2 }))
    .map(([object, other]) => ({ ...object, ...other }))
}

t.test('a parser takes what a validator of JSON Schema takes, and nothing else', async t => {
  const ajv = new Ajv()
  for (const name of REQUESTS) {
    const [parse, isValid] = [parserOf('body', plain[name]), ajv.compile(plain[name])]
    let valid = 0
    const bodies = fc.oneof({ weight: 4, arbitrary: objectsLike(plain[name]) }, fc.jsonValue())
    fc.assert(fc.property(bodies, value => {
      valid += isValid(value) ? 1 : 0
      return isValid(value) === parses(parse, value)
    }), { numRuns: 5000 })
    t.ok(valid > 10, `${name}: ${valid} fit`)
  }
})

t.test('a parser returns the value, which inherits nothing, and coerces nothing', async t => {
  const parse = parserOf('body', plain.ChallengeBody)
  const body = { code: '123 456', factorSid: SID }
  t.same({ ...parse(body) }, body)
  t.equal(Object.getPrototypeOf(parse(body)), null)
  for (const code of [123456, ['123456'], { toString: () => '123456' }, null]) {
    t.throws(() => parse({ code }), { code: 'FST_ERR_VALIDATION', statusCode: 400 })
  }
})

t.test('an inherited property is none', async t => {
  const parse = parserOf('body', plain.ChallengeBody)
  t.throws(() => parse(Object.create({ code: '123456' })), { message: 'body/code must be string' })
})

t.test('people are told what belongs there, not by which pattern', async t => {
  const messageOf = (schema: Schema, value: unknown) => {
    try {
      parserOf('body', schema)(value)
      return null
    } catch (error) {
      return error instanceof Error ? error.message : error
    }
  }
  t.same([
    messageOf(plain.ChallengeBody, { code: '12345' }),
    messageOf(plain.ChallengeBody, {}),
    messageOf(plain.ChallengeBody, { code: '123456', x: 'secret' }),
    messageOf(plain.EnrollBody, { friendlyName: 'a:b' }),
    messageOf(plain.EnrollBody, { qr: 'gif' }),
    messageOf(plain.Nothing, [])
  ], [
    'body/code must be 6 to 8 digits; blanks don\'t matter, and neither does a hyphen in the middle',
    'body/code must be string',
    'body must have no other properties',
    'body/friendlyName must be 1 to 64 characters, at least one of them visible, ' +
      'without colon, control characters and direction overrides; the authenticator app shows it',
    'body/qr must be one of svg, png',
    'body must be object'
  ])
})

t.test('a text may have no pattern, and a pattern no description', async t => {
  t.equal(parserOf('body', { type: 'string' })('anything'), 'anything')
  t.throws(() => parserOf('body', { type: 'string' })(1), { message: 'body must be string' })
  t.throws(() => parserOf('body', { type: 'string', pattern: '^[a-c]$' })('d'), { code: 'FST_ERR_VALIDATION' })
})

t.test('a schema with a keyword that isn\'t checked makes no parser', async t => {
  const strict = { type: 'object', additionalProperties: false } as const
  const unchecked: ReadonlyArray<Schema & Record<string, unknown>> = [
    { type: 'string', maxLength: 3 }, { type: 'integer' }, { type: 'array', items: { type: 'string' } }, {},
    { type: 'object', properties: {} }, { ...strict, additionalProperties: true }, { ...strict, minProperties: 1 },
    { ...strict, properties: { x: { type: 'integer' } } }, { anyOf: [{ type: 'string' }] },
    { type: 'string', anyOf: [{ const: 'svg' }] }
  ]
  for (const schema of unchecked) t.throws(() => parserOf('body', schema), TypeError, JSON.stringify(schema))
  t.doesNotThrow(() => parserOf('body', { ...strict }))
})

function parses (parse: (value: unknown) => unknown, value: unknown): boolean {
  try {
    parse(value)
    return true
  } catch {
    return false
  }
}
