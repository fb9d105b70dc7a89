import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { emitter, type EventListener, type TotpEvent } from '../src/events.js'

const EVENT: TotpEvent = { type: 'challenge.denied', identity: 'alice', factorSid: null, at: 1_800_000_000 }

t.test('a listener is called later, in order', async t => {
  const told: TotpEvent[] = []
  const emit = emitter(event => { told.push(event) }, () => t.fail('nothing to log'))
  emit(EVENT)
  emit({ ...EVENT, type: 'identity.locked' })
  t.same(told, [], 'not on the path of the request')
  await nextTurn()
  t.same(told, [EVENT, { ...EVENT, type: 'identity.locked' }])
})

t.test('an error of a listener is logged, scrubbed, and changes nothing', async t => {
  const failing: EventListener[] = [
    () => { throw new Error('lost postgres://totp:hunter2@db') },
    async () => { throw new Error('lost postgres://totp:hunter2@db') },
    () => Promise.reject(new Error('lost postgres://totp:hunter2@db'))
  ]
  for (const listener of failing) {
    const logged: Error[] = []
    t.doesNotThrow(() => emitter(listener, error => logged.push(error))(EVENT))
    t.same(logged, [])
    await nextTurn()
    await nextTurn()
    t.match(logged, [{ message: 'lost postgres://…@db' }])
    t.equal(logged.length, 1)
  }
})

t.test('a thrown value that isn\'t an error is logged by its type', async t => {
  const logged: Error[] = []
  // eslint-disable-next-line prefer-promise-reject-errors -- listeners are other people's code
  emitter(() => Promise.reject('hunter2'), error => logged.push(error))(EVENT)
  await nextTurn()
  await nextTurn()
  t.match(logged, [{ message: 'not an error: string' }])
})

t.test('an error that can\'t be read is logged too', async t => {
  const logged: Error[] = []
  const emit = emitter(() => { throw Object.assign(new Error('x'), { message: ['no', 'text'] }) }, error => logged.push(error))
  emit({ type: 'factor.created', identity: 'alice', factorSid: null, at: 0 })
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  t.equal(logged.length, 1)
})

t.test('a listener that hangs delays no other event', async t => {
  const told: string[] = []
  const emit = emitter(async ({ type }) => {
    told.push(type)
    await new Promise(() => {})
  }, () => t.fail('nothing to log'))
  emit(EVENT)
  emit({ ...EVENT, type: 'identity.locked' })
  await nextTurn()
  t.same(told, ['challenge.denied', 'identity.locked'])
})
