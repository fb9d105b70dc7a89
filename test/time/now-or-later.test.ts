import t from 'tap'
import { andThen, isPromiseLike } from '../../src/time/now-or-later.js'

t.test('an answer that is there is used at once', async t => {
  t.equal(andThen(1, one => one + 1), 2)
  t.throws(() => andThen(1, () => { throw new Error('at once') }), { message: 'at once' })
})

t.test('a promise is waited for', async t => {
  const later = andThen(Promise.resolve(1), one => one + 1)
  t.type(later, Promise)
  t.equal(await later, 2)
  await t.rejects(async () => await andThen(Promise.reject(new Error('later')), () => 2), { message: 'later' })
  await t.rejects(async () => await andThen(Promise.resolve(1), () => { throw new Error('after') }), { message: 'after' })
})

t.test('everything with a then method has to be waited for', async t => {
  const promises: unknown[] = [Promise.resolve(), { then () {} }, Object.assign(() => {}, { then () {} })]
  for (const promise of promises) t.ok(isPromiseLike(promise))
  for (const answer of [undefined, null, '', 'alice', 0, {}, { then: true }, () => {}]) t.notOk(isPromiseLike(answer))
})
