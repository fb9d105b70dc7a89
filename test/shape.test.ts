import fc from 'fast-check'
import t from 'tap'
import {
  dictionary, either, fits, integer, list, misfitOf, oneOf, orNull, record, text, type Shape
} from '../src/shape.js'

const point = record({ x: integer(0, 9), y: integer(0, 9) })

/** What fits, and beside each of the others what is said of it. */
type Case = readonly [
  name: string, shape: Shape<unknown>, fitting: readonly unknown[],
  others: ReadonlyArray<readonly [unknown, string]>
]

const CASES: readonly Case[] = [
  ['integer', integer(1, 3), [1, 2, 3], [
    [0, ' must be integer from 1 to 3'], [4, ' must be integer from 1 to 3'], [1.5, ' must be integer from 1 to 3'],
    ['2', ' must be integer from 1 to 3'], [NaN, ' must be integer from 1 to 3'], [null, ' must be integer from 1 to 3'],
    [2n, ' must be integer from 1 to 3'], [[2], ' must be integer from 1 to 3'], [undefined, ' must be integer from 1 to 3']
  ]],
  ['text', text(/^a+$/), ['a', 'aa'], [
    ['', ' must match pattern ^a+$'], ['a\n', ' must match pattern ^a+$'], [1, ' must be string'],
    [Object('a'), ' must be string'], [['a'], ' must be string']
  ]],
  ['text that says what it expects', text(/^a+$/, 'be some a'), ['a'], [['', ' must be some a'], [1, ' must be string']]],
  ['any text', text(), ['', 'a\n'], [[null, ' must be string']]],
  ['oneOf', oneOf('a', 1, true), ['a', 1, true], [
    ['b', ' must be one of a, 1, true'], ['1', ' must be one of a, 1, true'], [false, ' must be one of a, 1, true']
  ]],
  ['orNull', orNull(oneOf('a')), ['a', null], [[undefined, ' must be one of a']]],
  ['list', list(oneOf(1), 2), [[], [1], [1, 1]], [
    [[1, 1, 1], ' must have no more than 2 items'], [[1, 2], '/1 must be one of 1'], [{ length: 0 }, ' must be array'],
    [new Array(1), '/0 must be one of 1']
  ]],
  ['record', point, [{ x: 1, y: 2 }, { y: 2, x: 1 }, Object.freeze({ x: 1, y: 2 })], [
    [{ x: 1 }, '/y must be integer from 0 to 9'], [{ x: 1, y: 2, z: 3 }, ' must have no other properties'],
    [{ x: 1, y: 2, ['__proto__']: null, z: undefined }, ' must have no other properties'],
    [JSON.parse('{ "x": 1, "y": 2, "__proto__": {} }'), ' must have no other properties'],
    [Object.create({ x: 1, y: 2 }), '/x must be integer from 0 to 9'],
    [Object.assign(Object.create({ x: 1, y: 2 }), { a: 1, b: 2 }), '/x must be integer from 0 to 9'],
    [[1, 2], ' must be object'], [null, ' must be object'], [() => point, ' must be object']
  ]],
  ['record with an optional property', record({ x: integer(0, 9) }, { y: integer(0, 9) }), [{ x: 1 }, { y: 2, x: 1 }], [
    [{ y: 2 }, '/x must be integer from 0 to 9'], [{ x: 1, y: '2' }, '/y must be integer from 0 to 9'],
    [{ x: 1, y: undefined }, '/y must be integer from 0 to 9'], [{ x: 1, z: 3 }, ' must have no other properties'],
    [Object.assign(Object.create({ y: 2 }), { x: 1, z: 3 }), ' must have no other properties']
  ]],
  ['dictionary', dictionary(oneOf(1), 2), [{}, { a: 1, b: 1 }], [
    [{ a: 1, b: 1, c: 1 }, ' must have no more than 2 properties'], [{ a: 1, b: 2 }, ' must be one of 1'],
    [[1], ' must be object'], [null, ' must be object']
  ]],
  ['either', either('is', { point: record({ is: oneOf('point'), at: point }), dot: record({ is: oneOf('dot') }) }), [
    { is: 'dot' }, { is: 'point', at: { x: 0, y: 0 } }
  ], [
    [{ is: 'dot', at: { x: 0, y: 0 } }, ' must have no other properties'], [{ is: 'point' }, '/at must be object'],
    [{ is: 'point', at: { x: 0, y: 10 } }, '/at/y must be integer from 0 to 9'],
    [{ is: 'toString' }, '/is must be one of point, dot'], [{}, '/is must be one of point, dot'], [null, ' must be object']
  ]]
]

for (const [name, shape, fitting, others] of CASES) {
  t.test(`${name}: what fits, and where all else does not`, async t => {
    for (const value of fitting) t.equal(shape(value), null, JSON.stringify(value))
    for (const value of fitting) t.ok(fits(shape, value))
    for (const [value, misfit] of others) t.equal(shape(value), misfit)
    for (const [value] of others) t.notOk(fits(shape, value))
  })
}

t.test('a refusal says where, and repeats nothing', async t => {
  t.equal(misfitOf(list(point, 9), [{ x: 1, y: 2 }, { x: 1, y: 'secret' }]),
    'the document does not fit its schema: document/1/y must be integer from 0 to 9')
})

t.test('whatever comes, it is judged and never thrown at', async t => {
  const shapes = CASES.map(([, shape]) => shape)
  t.doesNotThrow(() => fc.assert(fc.property(fc.constantFrom(...shapes), fc.anything(), (shape, value) => {
    const misfit = shape(value)
    return misfit === null || misfit.includes(' must ')
  }), { numRuns: 2000 }))
})
