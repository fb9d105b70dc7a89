import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { emitter, type EmitterOptions, type EventListener, type TotpEvent } from '../src/events.js'
import { gate } from './gate.js'

const EVENT: TotpEvent = {
  type: 'challenge.denied',
  identity: 'alice',
  factorSid: null,
  method: 'recovery',
  by: 'Carol of support',
  at: 1_800_000_000,
  actor: 'user',
  context: { id: 'req-7' }
}
const SID = `YE${'0'.repeat(32)}`

/** An emitter, and everything that it logs. */
function emitterTo (listener: EventListener | undefined, options: Partial<EmitterOptions> = {}) {
  const logged: Array<[string, string]> = []
  const log = (error: Error, message: string) => { logged.push([message, error.message]) }
  return { logged, ...emitter({ listener, log, timeout: 60, ...options }) }
}

t.test('a listener is called later, in order', async t => {
  const told: TotpEvent[] = []
  const { emit, logged } = emitterTo(event => { told.push(event) })
  emit(EVENT, SID)
  emit({ ...EVENT, type: 'identity.locked' }, SID)
  t.same(told, [], 'not on the path of the request')
  await nextTurn()
  t.same(told, [EVENT, { ...EVENT, type: 'identity.locked' }])
  t.same(logged, [])
})

t.test('an error of a listener is logged, scrubbed, and changes nothing', async t => {
  const failing: EventListener[] = [
    () => { throw new Error('lost postgres://totp:hunter2@db') },
    async () => { throw new Error('lost postgres://totp:hunter2@db') },
    () => Promise.reject(new Error('lost postgres://totp:hunter2@db'))
  ]
  for (const listener of failing) {
    const { emit, logged, settled } = emitterTo(listener)
    t.doesNotThrow(() => emit(EVENT, SID))
    t.same(logged, [])
    await settled()
    t.same(logged, [['totp: onEvent failed', 'lost postgres://…@db']])
  }
})

t.test('a thrown value that isn\'t an error is logged by its type', async t => {
  // eslint-disable-next-line prefer-promise-reject-errors -- listeners are other people's code
  const { emit, logged, settled } = emitterTo(() => Promise.reject('hunter2'))
  emit(EVENT, SID)
  await settled()
  t.same(logged, [['totp: onEvent failed', 'not an error: string']])
})

t.test('an error that can\'t be read is logged too', async t => {
  const { emit, logged, settled } = emitterTo(() => { throw Object.assign(new Error('x'), { message: ['no', 'text'] }) })
  emit(EVENT, SID)
  await settled()
  t.equal(logged.length, 1)
})

t.test('a listener that hangs delays no other event', async t => {
  const told: string[] = []
  const { emit, logged } = emitterTo(async ({ type }) => {
    told.push(type)
    await new Promise(() => {})
  })
  emit(EVENT, SID)
  emit({ ...EVENT, type: 'identity.locked' }, SID)
  await nextTurn()
  t.same(told, ['challenge.denied', 'identity.locked'])
  t.same(logged, [])
})

t.test('the end waits for listeners under way, and for the events that they cause', async t => {
  const held = gate()
  const done: string[] = []
  const { emit, settled } = emitterTo(async ({ type }) => {
    await held.passed
    if (type === 'challenge.denied') emit({ ...EVENT, type: 'identity.locked' }, SID)
    done.push(type)
  })
  emit(EVENT, SID)
  const end = settled().then(() => { done.push('end') })
  await nextTurn()
  t.same(done, [])
  held.open()
  await end
  t.same(done, ['challenge.denied', 'identity.locked', 'end'])
  await settled()
})

t.test('the end waits no longer than the timeout, and logs how many listeners are left', async t => {
  const { emit, logged, settled } = emitterTo(async () => await new Promise(() => {}), { timeout: 0.01 })
  emit(EVENT, SID)
  emit(EVENT, SID)
  await settled()
  t.same(logged, [['totp: closed while onEvent was still handling 2 events', 'no answer within 0.01 s']])
})

t.test('a listener that failed before keeps the end from nothing', async t => {
  const done: string[] = []
  const { emit, settled } = emitterTo(async ({ type }) => {
    if (type === 'challenge.denied') throw new Error('lost')
    await nextTurn()
    await nextTurn()
    done.push(type)
  })
  emit(EVENT, SID)
  emit({ ...EVENT, type: 'identity.locked' }, SID)
  await settled()
  t.same(done, ['identity.locked'])
})

t.test('the diagnostics channel has events without identity, `by` and context, but with the entity', async t => {
  const messages: unknown[] = []
  const subscriber = (message: unknown) => { messages.push(message) }
  subscribe('fastify-verify-totp:event', subscriber)
  t.teardown(() => unsubscribe('fastify-verify-totp:event', subscriber))
  for (const listener of [undefined, () => {}]) {
    const { emit, settled } = emitterTo(listener)
    messages.length = 0
    emit(EVENT, SID)
    t.same(messages, [], 'not on the path of the request')
    await settled()
    const { type, factorSid, method, at, actor } = EVENT
    t.strictSame(messages, [{ type, entitySid: SID, factorSid, method, at, actor }])
  }
})

t.test('a subscriber that throws is an uncaught exception, and the listener is called all the same', async t => {
  const subscriber = () => { throw new Error('theirs') }
  subscribe('fastify-verify-totp:event', subscriber)
  t.teardown(() => unsubscribe('fastify-verify-totp:event', subscriber))
  const told: TotpEvent[] = []
  const { emit, logged, settled } = emitterTo(event => { told.push(event) })
  const thrown = new Promise(resolve => process.setUncaughtExceptionCaptureCallback(resolve))
  t.teardown(() => process.setUncaughtExceptionCaptureCallback(null))
  emit(EVENT, SID)
  t.match(await thrown, { message: 'theirs' })
  await settled()
  t.same(told, [EVENT])
  t.same(logged, [])
})
