import { base32nopad } from '@scure/base'
import t from 'tap'
import { memoryStore, TotpError, type Entity, type EntityStore, type SessionCaller } from '../../src/index.js'
import type { Verifier } from '../../src/verifier/verifier.js'
import { untyped } from '../untyped.js'
import { referenceCode, REMEMBER_FOR, rig, type Rig } from './rig.js'

const START = 1_800_000_000
const SECRET = Buffer.from('a secret of 20 bytes')
const OPERATOR = { identity: 'alice', operator: true } as const
const MALFORMED = { code: 'FST_ERR_VALIDATION' }

interface Scene {
  readonly rig: Rig
  readonly verifier: Verifier
  code (steps: number): string
  /** A new login session of Alice's. */
  session (tokens?: readonly string[]): SessionCaller
}

/** Alice, who has a verified factor. */
async function scene (store: EntityStore = memoryStore<Entity>()): Promise<Scene> {
  const made = rig(START, store)
  const verifier = made.instance()
  const code = (steps: number) => referenceCode(SECRET, START / 30 + steps)
  const secret = base32nopad.encode(SECRET)
  const { factor } = await verifier.enroll(OPERATOR, { friendlyName: 'phone', secret })
  await verifier.verify(OPERATOR, factor.sid, code(-1))
  return { rig: made, verifier, code, session: tokens => sessionWith(null, tokens) }
}

function sessionWith (mark: string | null, tokens: readonly string[] = []): SessionCaller {
  const browser = { tokens, userAgent: 'Firefox/145 (Windows)' }
  return { identity: 'alice', session: { mark, began: START }, browser }
}

async function outcome<T> (call: Promise<T>): Promise<T | string> {
  try {
    return await call
  } catch (error) {
    if (error instanceof TotpError) return error.code
    throw error
  }
}

t.test('a challenge returns the tokens that the browser keeps, the new one first', async t => {
  const { rig, verifier, code, session } = await scene()
  const first = await verifier.challenge(session(), { code: code(0), remember: true })
  t.match(first.browserTokens, [/^[\w-]{43}$/])
  const strange = 'x'.repeat(43)
  rig.time += 30
  const both = session([...first.browserTokens ?? [], strange])
  const second = await verifier.challenge(both, { code: code(1), remember: true })
  t.match(second.browserTokens, [/^[\w-]{43}$/, strange])
  t.not(second.browserTokens?.[0], first.browserTokens?.[0])
  rig.time += 30
  const tokens = second.browserTokens ?? []
  const without = await verifier.challenge(session(tokens), { code: code(2), remember: false })
  t.equal(without.browserTokens, null)
  t.match(await verifier.check(session(tokens)), {
    method: 'remembered', factorSid: null, at: START + 30, expiresAt: START + 30 + REMEMBER_FOR
  })
  t.match(await verifier.browsers(OPERATOR), [{ name: 'Firefox on Windows', at: START + 30, current: false }])
})

t.test('operators list and forget, have no browser to remember, and change nothing where there is none', async t => {
  const { rig, verifier, code, session } = await scene()
  await t.rejects(verifier.challenge(OPERATOR, { code: code(0), remember: true }), MALFORMED)
  const answer = await verifier.challenge(session(), { code: code(0), remember: true })
  const tokens = answer.browserTokens ?? []
  const [browser] = await verifier.browsers(OPERATOR)
  t.same(await verifier.forgetBrowser(OPERATOR, browser?.sid ?? ''), { browserTokens: null })
  t.equal(await outcome(verifier.check(session(tokens))), 'ERR_TOTP_CHALLENGE_REQUIRED')
  const before = await rig.store.get('identity:alice')
  t.same(await verifier.forgetBrowsers(OPERATOR), { browserTokens: null })
  t.equal(await rig.store.get('identity:alice'), before, 'nothing was written')
  const bob = { identity: 'bob', operator: true } as const
  t.same(await verifier.browsers(bob), [])
  t.same(await verifier.forgetBrowsers(bob), { browserTokens: null })
  t.match(rig.events.filter(({ type }) => type === 'browser.forgotten'), [{ actor: 'operator', identity: 'alice' }])
})

t.test('whatever a caller says of its browser, it passes with a token alone', async t => {
  const { verifier, code, session } = await scene()
  const { browserTokens } = await verifier.challenge(session(), { code: code(0), remember: true })
  const tokens = browserTokens ?? []
  const STRANGE: readonly unknown[] = [
    null, undefined, 'x', {}, [], { tokens: null }, { tokens: String(tokens) }, { tokens: [null, 1, `${tokens}x`] },
    { tokens: { 0: tokens[0], length: 1 } }, Object.create({ tokens }),
    { tokens: [...Array.from({ length: 8 }, () => 'x'.repeat(43)), ...tokens] }
  ]
  for (const browser of STRANGE) {
    const caller = { ...session(), browser: untyped(browser) }
    t.equal(await outcome(verifier.check(caller)), 'ERR_TOTP_CHALLENGE_REQUIRED', JSON.stringify(browser))
  }
  const junk = session(untyped([...tokens, 'junk; Path=/', 1, `${tokens}x`]))
  const kept = await verifier.challenge(junk, { code: code(1), remember: true })
  t.match(kept.browserTokens, { length: 1 }, 'none of it gets into the cookie')
  const { browser, ...without } = session(kept.browserTokens ?? [])
  t.equal(await outcome(verifier.check(without)), 'ERR_TOTP_CHALLENGE_REQUIRED')
  t.match(await verifier.check({ ...without, browser: { tokens: kept.browserTokens ?? [] } }), { method: 'remembered' })
  await t.rejects(verifier.browsers(untyped({ ...OPERATOR, session: {}, browser })), TypeError)
})

t.test('remember is true or false, and challenge takes no other option', async t => {
  const { rig, verifier, code, session } = await scene()
  for (const remember of ['true', 1, null, {}]) {
    const options = { code: code(0), remember: untyped(remember) }
    await t.rejects(verifier.challenge(session(), options), { ...MALFORMED, message: /^remember must be/ })
  }
  await t.rejects(verifier.challenge(session(), untyped({ code: code(0), trust: true })), MALFORMED)
  const kept = await rig.store.get('identity:alice')
  t.match(kept, { factors: [{ lastStep: START / 30 - 1 }], attempts: { failures: 0 } })
})
