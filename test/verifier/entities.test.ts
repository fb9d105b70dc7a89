import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { InvalidOptionError, MalformedError, StoreError } from '../../src/errors.js'
import type { Entity } from '../../src/entity/entity.js'
import type { TotpEvent } from '../../src/events.js'
import { UnsealableError } from '../../src/seal.js'
import { freezeDocument } from '../../src/documents/frozen.js'
import { entitiesIn, type Answered, type Decide, type EntitiesOptions } from '../../src/verifier/entities.js'
import { memoryStore } from '../../src/stores/memory.js'
import { entityWith, NOW } from '../entity/documents.js'
import { gate } from '../gate.js'
import { untyped } from '../untyped.js'

type Fakes = Partial<Record<'get' | 'replace', (...args: unknown[]) => unknown>>

/** A caller. */
const ALICE = { identity: 'alice', session: { mark: null, began: NOW }, context: 'request 7' }
const alice = entityWith({ revision: 7 })
const unavailable = { constructor: StoreError, code: 'ERR_TOTP_STORE', statusCode: 503 }

/** A store that logs its calls, and answers as the test says. */
function setUp (fakes: Fakes = {}, options: Partial<EntitiesOptions> = {}) {
  const kept = memoryStore<Entity>()
  const asked: string[] = []
  const events: TotpEvent[] = []
  const faked = (name: 'get' | 'replace') => (...args: unknown[]) => {
    asked.push(name)
    return Reflect.apply(fakes[name] ?? kept[name], kept, args)
  }
  const store = { get: faked('get'), replace: faked('replace') }
  const entities = entitiesIn({
    store,
    clock: () => NOW,
    timeout: 60,
    backOff: async lost => { asked.push(`back off ${lost}`) },
    emit: event => { events.push(event) },
    ...options
  })
  return { kept, asked, events, entities }
}

const rename: Decide<string> = entity => ({
  next: { ...(entity ?? alice), generation: 5 }, answer: 'done', events: [{ type: 'factor.created', factorSid: null }]
})

t.test('an identity is read under its own key, in its own namespace', async t => {
  const { kept, entities } = setUp()
  t.same(await entities.read(ALICE), { document: null, now: NOW })
  await kept.replace('alice', null, alice)
  t.same(await entities.read(ALICE), { document: null, now: NOW }, 'no identity can name another kind of document')
  await kept.replace('identity:alice', null, alice)
  t.same(await entities.read(ALICE), { document: alice, now: NOW })
})

t.test('a frozen document is checked once, any other with each read', async t => {
  const document = freezeDocument({ ...alice })
  let checks = 0
  /** A store's object that tells when it is looked at. */
  const watched = (identity: string) => new Proxy(document, {
    ownKeys: target => {
      checks++
      return Reflect.ownKeys(target)
    },
    get: (target, name) => name === 'identity' ? identity : Reflect.get(target, name)
  })
  const own = freezeDocument(watched('alice'))
  const reads = async (get: () => unknown) => {
    const { entities } = setUp({ get })
    checks = 0
    await entities.read(ALICE)
    await entities.read(ALICE)
    await entities.read(ALICE)
    return checks
  }
  const once = await reads(() => own)
  t.ok(once > 0)
  t.equal(await reads(() => watched('alice')), 3 * once, 'a new object each time')
})

t.test('a frozen document that fits one key is refused under another', async t => {
  const document = freezeDocument({ ...alice })
  const { entities } = setUp({ get: () => document })
  t.equal((await entities.read(ALICE)).document, document)
  await t.rejects(entities.read({ ...ALICE, identity: 'bob' }), unavailable)
  t.equal((await entities.read(ALICE)).document, document)
})

t.test('an object that isn\'t frozen is checked with each read', async t => {
  const document = { ...alice, approvals: [] }
  const { entities } = setUp({ get: () => document })
  t.equal((await entities.read(ALICE)).document, document)
  Object.assign(document, { approvals: 'all' })
  await t.rejects(entities.read(ALICE), unavailable)
})

t.test('what a change wrote is frozen, so a store that keeps the object can\'t change it', async t => {
  const kept: Entity[] = []
  const { entities } = setUp({
    get: async () => kept.at(-1) ?? null,
    async replace (_key, _expected, next) {
      kept.push(Object(next))
      return true
    }
  })
  await entities.change(ALICE, rename)
  await entities.change(ALICE, rename)
  t.equal(kept.length, 2)
  for (const document of kept) {
    t.throws(() => Object.assign(document, { generation: 0 }), TypeError)
    t.throws(() => Object.assign(document.approvals, { length: 1 }), TypeError)
  }
})

t.test('a document that doesn\'t fit is not written', async t => {
  const { asked, entities } = setUp()
  const misfit: Decide<string> = () => ({ next: { ...alice, factors: untyped('none') }, answer: 'done' })
  await t.rejects(entities.change(ALICE, misfit), unavailable)
  t.same(asked, ['get'])
})

t.test('a change is written with the next revision, then its events are emitted and it is answered', async t => {
  const { kept, events, entities } = setUp()
  await kept.replace('identity:alice', null, alice)
  t.equal(await entities.change(ALICE, rename), 'done')
  t.same(await kept.get('identity:alice'), { ...alice, generation: 5, revision: 8 })
  t.same(events, [{ type: 'factor.created', factorSid: null, identity: 'alice', method: null, by: null, at: NOW, actor: 'user', context: 'request 7' }])
})

t.test('a new entity keeps the revision that it starts with', async t => {
  const { kept, entities } = setUp()
  await entities.change(ALICE, rename)
  t.equal((await kept.get('identity:alice'))?.revision, 7)
})

t.test('null deletes', async t => {
  const { kept, asked, entities } = setUp()
  await kept.replace('identity:alice', null, alice)
  await entities.change(ALICE, () => ({ next: null, answer: undefined }))
  t.equal(await kept.get('identity:alice'), null)
  t.same(asked, ['get', 'replace'])
})

t.test('without a next document nothing is written', async t => {
  const { asked, events, entities } = setUp()
  t.equal(await entities.change(ALICE, () => ({ answer: 5 })), 5)
  t.same(asked, ['get'])
  t.same(events, [])
})

t.test('a refusal that is thrown writes nothing and emits nothing', async t => {
  const { asked, events, entities } = setUp()
  await t.rejects(entities.change(ALICE, () => { throw new MalformedError('no') }), { code: 'FST_ERR_VALIDATION' })
  t.same(asked, ['get'])
  t.same(events, [])
})

t.test('the refusal of a decision is thrown once the decision is written', async t => {
  const { kept, events, entities } = setUp()
  const refusal = new MalformedError('no')
  await t.rejects(entities.change(ALICE, () => ({
    next: alice, refusal, events: [{ type: 'challenge.denied', factorSid: null }]
  })), refusal)
  t.equal((await kept.get('identity:alice'))?.revision, 7)
  t.match(events, [{ type: 'challenge.denied' }])
})

t.test('events are emitted with identity and time, and only after the write has won', async t => {
  let wins = false
  const { asked, events, entities } = setUp({
    replace: async () => {
      t.same(events, [])
      wins = asked.length > 6
      return wins
    }
  })
  t.equal(await entities.change(ALICE, rename), 'done')
  t.ok(wins)
  t.same(events, [{ type: 'factor.created', factorSid: null, identity: 'alice', method: null, by: null, at: NOW, actor: 'user', context: 'request 7' }], 'once')
})

t.test('after a lost race the decision is discarded, and made again on the entity that is there now', async t => {
  const { kept, entities } = setUp()
  await kept.replace('identity:alice', null, alice)
  const seen: Array<number | undefined> = []
  await entities.change(ALICE, entity => {
    seen.push(entity?.revision)
    if (seen.length < 3) {
      const revision = 6 + seen.length
      const meanwhile = kept.replace('identity:alice', revision, { ...alice, revision: revision + 1 })
      meanwhile.catch(t.threw)
    }
    return { next: { ...alice, generation: seen.length }, answer: null }
  })
  t.same(seen, [7, 8, 9])
  t.match(await kept.get('identity:alice'), { revision: 10, generation: 3 })
})

t.test('a change that has lost races for half of the time is a conflict, and nothing is emitted', async t => {
  const present = performance.now.bind(performance)
  let later = 0
  t.intercept(performance, 'now', { value: () => present() + later })
  const { asked, events, entities } = setUp({ replace: async () => false }, {
    backOff: async lost => {
      asked.push(`back off ${lost}`)
      if (lost === 3) later = 30_000
    }
  })
  const conflict = { code: 'ERR_TOTP_CONFLICT', statusCode: 503, retryAfter: 1 }
  await t.rejects(entities.change(ALICE, rename), conflict)
  const tries = [1, 2, 3].flatMap(lost => ['get', 'replace', `back off ${lost}`])
  t.same(asked, ['get', 'replace', ...tries])
  t.same(events, [])
})

t.test('changes that have lost a race go on in the order in which they lost', async t => {
  const done: number[] = []
  let left = 5
  const held = gate()
  const { entities, kept } = setUp({
    async get (key) {
      const document = await kept.get(String(key))
      if (--left >= 0) await held.passed
      return document
    }
  })
  const changes = [0, 1, 2, 3, 4].map(async i => await entities.change(ALICE, entity => ({
    next: { ...(entity ?? alice), generation: i }, answer: done.push(i)
  })))
  held.open()
  await Promise.all(changes)
  t.equal(done.length, 5 + 4, 'all tried once, four of them twice')
  t.same(done.slice(5), [1, 2, 3, 4])
})

t.test('a change that comes while others wait for a turn waits too, unless it writes nothing', async t => {
  const said: string[] = []
  const held = gate()
  const { entities } = setUp({ replace: async () => said.length > 0 }, {
    async backOff () {
      said.push('pause')
      await held.passed
    }
  })
  const change = async (name: string, decision: Partial<Answered<undefined>>) => {
    await entities.change(ALICE, () => ({ next: alice, answer: undefined, ...decision }))
    said.push(name)
  }
  const first = change('first', {})
  while (said.length === 0) await turn()
  const second = change('second', {})
  await change('read', { next: undefined })
  held.open()
  await Promise.all([first, second])
  t.same(said, ['pause', 'read', 'pause', 'first', 'second'], 'a pause after the lost race, one before the next turn')
})

t.test('a change that waits for one that hangs gives up after half of the time', async t => {
  const answers = [async () => false, async () => await new Promise<never>(() => {})]
  const { kept, entities } = setUp({
    replace: (...args) => Reflect.apply(answers.shift() ?? kept.replace, kept, args)
  }, { timeout: 3 })
  const ends: string[] = []
  const first = t.rejects(entities.change(ALICE, rename), unavailable).then(() => ends.push('first'))
  while (answers.length > 0) await turn()
  const second = t.rejects(entities.change(ALICE, rename), { code: 'ERR_TOTP_CONFLICT' }).then(() => ends.push('second'))
  await Promise.all([first, second])
  t.same(ends, ['second', 'first'])
  t.equal(await entities.change(ALICE, rename), 'done', 'and no change waits for them')
})

t.test('of many simultaneous changes all are made', async t => {
  const { kept, entities } = setUp()
  await kept.replace('identity:alice', null, { ...alice, generation: 0 })
  await Promise.all(Array.from({ length: 10 }, async () => await entities.change(ALICE, entity => ({
    next: { ...(entity ?? alice), generation: (entity?.generation ?? 0) + 1 }, answer: undefined
  }))))
  t.equal((await kept.get('identity:alice'))?.generation, 10)
})

t.test('only a literal true has won, and only a literal false has lost', async t => {
  const replies = [
    1, 0, 'true', '', {}, [], null, undefined, { affectedRows: 1 }, { affectedRows: 0 }, NaN, () => true
  ]
  for (const junk of replies) {
    const { asked, events, entities } = setUp({ replace: async () => junk })
    await t.rejects(entities.change(ALICE, rename), unavailable, typeof junk)
    t.equal(asked.length, 2, 'it is not tried again')
    t.same(events, [])
  }
  const { entities } = setUp({ replace: () => true })
  t.equal(await entities.change(ALICE, rename), 'done', 'a promise or not')
})

t.test('junk in the place of a document is refused, and an event reports it', async t => {
  const junk = [
    1, 'true', '', {}, [], undefined, true, false, { affectedRows: 0 }, [alice], JSON.stringify(alice), NaN,
    { ...alice, format: 2 }, { ...alice, approved: true }, { ...alice, identity: 'bob' }, { ...alice, identity: 'Alice' }
  ]
  for (const stored of junk) {
    const { asked, events, entities } = setUp({ get: async () => stored })
    const told = { type: 'document.refused', identity: 'alice', factorSid: null, method: null, by: null, at: NOW, actor: 'user', context: 'request 7' }
    await t.rejects(entities.read(ALICE), unavailable, typeof stored)
    await t.rejects(entities.change(ALICE, undecided), unavailable)
    t.same(events, [told, told])
    t.same(asked, ['get', 'get'], 'it is not repaired')
  }
})

t.test('a store is unavailable however it fails', async t => {
  const lost = new Error('lost postgres://totp:hunter2@db.example')
  const failures: Array<[string, () => unknown]> = [
    ['a rejection', async () => { throw lost }],
    ['a throw', () => { throw lost }],
    // eslint-disable-next-line prefer-promise-reject-errors -- a store is other people's code
    ['a rejection that is no error', () => Promise.reject('hunter2')],
    ['a rejection with nothing', () => Promise.reject()] // eslint-disable-line prefer-promise-reject-errors
  ]
  for (const [name, fail] of failures) {
    const reading = setUp({ get: fail })
    const writing = setUp({ replace: fail })
    for (const attempt of [
      reading.entities.read(ALICE), reading.entities.change(ALICE, rename),
      writing.entities.change(ALICE, rename)
    ]) {
      const error = await attempt.then(() => t.fail('resolved'), reason => reason)
      t.match(error, unavailable, name)
      t.notMatch(`${error.message} ${error.cause?.stack}`, 'hunter2')
    }
    t.same([...reading.events, ...writing.events], [])
    t.same(writing.asked, ['get', 'replace'], 'an outcome that is unknown is not tried again')
  }
})

t.test('a store that hangs is unavailable after the timeout', async t => {
  const hang = async () => await new Promise(() => {})
  for (const fakes of [{ get: hang }, { replace: hang }]) {
    const { entities, events } = setUp(fakes, { timeout: 0.01 })
    await t.rejects(entities.change(ALICE, rename), { ...unavailable, cause: { message: 'no answer within 0.01 s' } })
    t.same(events, [])
  }
  await t.rejects(setUp({ get: hang }, { timeout: 0.01 }).entities.read(ALICE), unavailable)
})

t.test('a secret that doesn\'t open makes the document unreadable', async t => {
  const { asked, events, entities } = setUp()
  const attempt = entities.change(ALICE, () => { throw new UnsealableError('touched') })
  await t.rejects(attempt, { ...unavailable, cause: { message: 'touched' } })
  t.same(events, [{ type: 'document.refused', identity: 'alice', factorSid: null, method: null, by: null, at: NOW, actor: 'user', context: 'request 7' }])
  t.same(asked, ['get'])
})

t.test('a fault of ours is not blamed on the store', async t => {
  const { asked, entities } = setUp()
  await t.rejects(entities.change(ALICE, () => { throw new TypeError('ours') }), { constructor: TypeError, message: 'ours' })
  t.same(asked, ['get'])
})

t.test('with a clock that can\'t be right nothing is decided', async t => {
  const { asked, entities } = setUp({}, { clock: () => NaN })
  await t.rejects(entities.read(ALICE), InvalidOptionError)
  await t.rejects(entities.change(ALICE, undecided), InvalidOptionError)
  t.same(asked, ['get', 'get'])
})

function undecided (): never {
  throw new Error('this must not be decided')
}
