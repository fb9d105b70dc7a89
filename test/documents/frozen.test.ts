import t from 'tap'
import { freezeDocument, isFrozenDocument } from '../../src/documents/frozen.js'

t.test('a document is frozen with everything in it', async t => {
  const document = { list: [{ deep: [1] }], nothing: null, text: 'a' }
  t.equal(freezeDocument(document), document)
  t.ok(isFrozenDocument(document))
  t.throws(() => document.list.push({ deep: [] }), TypeError)
  t.throws(() => document.list[0]?.deep.push(2), TypeError)
  t.throws(() => { document.text = 'b' }, TypeError)
})

t.test('an object that others froze does not count: its parts may change', async t => {
  const document = Object.freeze({ parts: [1] })
  t.notOk(isFrozenDocument(document))
  freezeDocument(document)
  t.throws(() => document.parts.push(2), TypeError)
  t.ok(isFrozenDocument(document))
  t.notOk(isFrozenDocument({ ...document }), 'a copy is another object')
})
