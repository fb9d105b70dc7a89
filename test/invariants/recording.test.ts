import t from 'tap'
import { memoryStore, type Entity, type EntityStore } from '../../src/index.js'
import { gate } from '../gate.js'
import { site } from '../site.js'

interface Controlled {
  readonly store: EntityStore
  readonly inner: EntityStore
  next (replace: EntityStore['replace']): void
}

/** A store whose next `replace` is under the control of a test. */
function controlled (): Controlled {
  const inner = memoryStore<Entity>()
  let replacing: EntityStore['replace'] | null = null
  return {
    inner,
    next: replace => { replacing = replace },
    store: {
      get: async key => await inner.get(key),
      async replace (key, expected, next) {
        const replace = replacing ?? inner.replace
        replacing = null
        return await replace(key, expected, next)
      }
    }
  }
}

t.test('no verdict leaves before the write that records it has won', async t => {
  const { store, inner, next } = controlled()
  const { login, now } = await site(t, { totp: { store } })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  for (const code of [phone.code(now() + 30), phone.wrongCode(now())]) {
    const [written, reached] = [gate(), gate()]
    let answered = false
    next(async (key, expected, document) => {
      reached.open()
      await written.passed
      return await inner.replace(key, expected, document)
    })
    const answer = alice.challenge(code).finally(() => { answered = true })
    await reached.passed
    await new Promise(setImmediate)
    t.equal(answered, false)
    written.open()
    await answer
  }
})

t.test('a right code whose burn could not be written approves nothing', async t => {
  const { store, next } = controlled()
  const { login, now } = await site(t, { totp: { store } })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  const bob = await login('alice')
  next(async () => { throw new Error('disk full') })
  t.match(await bob.challenge(phone.code(now() + 30)), { status: 503, code: 'ERR_TOTP_STORE' })
  t.match(await bob.vault(), { status: 403 })
  t.match(await bob.challenge(phone.code(now() + 30)), { status: 200 }, 'nothing was recorded, so it is not spent')
})

t.test('a burn that was written, but whose answer was lost, approves nothing and stays', async t => {
  const { store, inner, next } = controlled()
  const { login, now } = await site(t, { totp: { store } })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  const bob = await login('alice')
  next(async (key, expected, document) => {
    await inner.replace(key, expected, document)
    throw new Error('connection reset')
  })
  t.match(await bob.challenge(phone.code(now() + 30)), { status: 503, code: 'ERR_TOTP_STORE' })
  t.match(await bob.vault(), { status: 403 })
  t.match(await bob.challenge(phone.code(now() + 30)), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
})

t.test('a lost race is decided afresh: the code that somebody else has used meanwhile is spent', async t => {
  const { store, inner, next } = controlled()
  const { login, now } = await site(t, { totp: { store } })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  const [first, second] = [await login('alice'), await login('alice')]
  const code = phone.code(now() + 30)
  next(async () => {
    t.match(await second.challenge(code), { status: 200 })
    return false
  })
  t.match(await first.challenge(code), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  const entity = await inner.get('identity:alice')
  t.equal(entity?.attempts.failures, 1)
})

t.test('a race that is always lost ends with an answer, and without an approval', async t => {
  const inner = memoryStore<Entity>()
  let losing = false
  let tries = 0
  const store: EntityStore = {
    get: async key => await inner.get(key),
    async replace (key, expected, next) {
      if (!losing) return await inner.replace(key, expected, next)
      tries++
      return false
    }
  }
  const { login, now } = await site(t, { totp: { store } })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  const bob = await login('alice')
  losing = true
  t.match(await bob.challenge(phone.code(now() + 30)), {
    status: 503, code: 'ERR_TOTP_CONFLICT', headers: { 'retry-after': '1' }
  })
  t.ok(tries > 15, `${tries} tries`)
  t.match(await bob.vault(), { status: 403 })
})
