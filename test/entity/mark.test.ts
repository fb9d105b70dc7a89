import { createHash } from 'node:crypto'
import t from 'tap'
import { hashOf, markOf, newMark } from '../../src/entity/mark.js'

t.test('a mark is 128 random bits', async t => {
  const marks = Array.from({ length: 1000 }, newMark)
  t.equal(new Set(marks).size, 1000)
  t.ok(marks.every(mark => Buffer.from(mark, 'base64url').length === 16 && markOf(mark) === mark))
})

t.test('any other value that a session holds is not a mark', async t => {
  const mark = newMark()
  const kept = [
    undefined, null, '', 'approved', true, 1, {}, [], [mark], { mark }, Object(mark), `${mark}a`, mark.slice(1),
    ` ${mark}`, `${mark}\n`, mark.slice(1) + '+', mark.slice(1) + 'é', hashOf(mark), '__proto__', () => mark
  ]
  for (const value of kept) t.equal(markOf(value), null, typeof value)
})

t.test('the hash of a mark is its SHA-256', async t => {
  const mark = newMark()
  t.equal(hashOf(mark), createHash('sha256').update(mark).digest('base64url'))
})
