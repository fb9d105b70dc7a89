import fc from 'fast-check'
import t from 'tap'
import { InvalidOptionError } from '../../src/errors.js'
import { documentCache } from '../../src/stores/document-cache.js'

interface Numbers { readonly numbers: number[] }

const parse = (text: string): Numbers => JSON.parse(text)
const textOf = (...numbers: number[]) => JSON.stringify({ numbers })

t.test('an unchanged text is the same document, frozen with its parts', async t => {
  const cache = documentCache(1000, parse)
  const first = cache.documentOf('alice', textOf(1))
  t.same(first, { numbers: [1] })
  t.equal(cache.documentOf('alice', textOf(1)), first)
  t.throws(() => first.numbers.push(2), TypeError)
})

t.test('a changed text is parsed again, and so is a text that was there before the last', async t => {
  const cache = documentCache(1000, parse)
  const first = cache.documentOf('alice', textOf(1))
  t.same(cache.documentOf('alice', textOf(2)), { numbers: [2] })
  const again = cache.documentOf('alice', textOf(1))
  t.same(again, { numbers: [1] })
  t.not(again, first)
})

t.test('two keys with the same text have a document each', async t => {
  const cache = documentCache(1000, parse)
  t.not(cache.documentOf('alice', textOf(1)), cache.documentOf('bob', textOf(1)))
})

t.test('a text that is no document is remembered for none', async t => {
  const cache = documentCache(1000, parse)
  const first = cache.documentOf('alice', textOf(1))
  t.throws(() => cache.documentOf('alice', 'secret {'))
  t.throws(() => cache.documentOf('alice', 'secret {'))
  t.equal(cache.documentOf('alice', textOf(1)), first)
})

t.test('a document that was written is known by its text', async t => {
  const cache = documentCache(1000, parse)
  const written = { numbers: [1] }
  cache.remember('alice', textOf(1), written)
  t.equal(cache.documentOf('alice', textOf(1)), written)
})

t.test('with a size of 0 every text is parsed, and the caller may change the document', async t => {
  const cache = documentCache(0, parse)
  const first = cache.documentOf('alice', textOf(1))
  first.numbers.push(2)
  t.same(cache.documentOf('alice', textOf(1)), { numbers: [1] })
})

t.test('a size that is no size is refused', async t => {
  for (const size of [-1, 1.5, NaN, Infinity]) {
    t.throws(() => documentCache(size, parse), { constructor: InvalidOptionError, message: /"cacheSize"/ })
  }
})

/** Does what the cache does in the plainest way: texts in the order of their last use. */
function modelOf (size: number) {
  let uses: Array<readonly [key: string, text: string]> = []
  return {
    /** Whether the text was remembered. */
    use (key: string, text: string): boolean {
      const known = uses.some(([other, kept]) => other === key && kept === text)
      uses = uses.filter(([other]) => other !== key)
      if (text.length <= size) uses.push([key, text])
      while (uses.reduce((sum, [, { length }]) => sum + length, 0) > size) uses.shift()
      return known
    }
  }
}

t.test('whatever the order of uses, it remembers as many of the last texts as fit', async t => {
  const [keys, numbers] = [fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom(1, 22, 333, 4444444444444)]
  const uses = fc.array(fc.tuple(keys, numbers), { minLength: 5, maxLength: 30 })
  fc.assert(fc.property(fc.integer({ min: 0, max: 60 }), uses, (size, uses) => {
    let parsed = 0
    const cache = documentCache(size, text => {
      parsed++
      return parse(text)
    })
    const model = modelOf(size)
    for (const [key, number] of uses) {
      const before = parsed
      const { numbers } = cache.documentOf(key, textOf(number))
      const isKnown = parsed === before
      if (numbers[0] !== number || isKnown !== model.use(key, textOf(number))) return false
    }
    return true
  }), { numRuns: 1000 })
  t.pass()
})
