import fc from 'fast-check'
import t from 'tap'
import { voidApprovals } from '../../src/entity/approvals.js'
import {
  browserOf, browsersWith, forget, isToken, LONGEST_REMEMBERED, MAX_TOKENS, publicBrowser, remember,
  rememberedBrowsers, type Remembered
} from '../../src/entity/browsers.js'
import { entityOf, MAX_BROWSERS, newEntity, type Entity } from '../../src/entity/entity.js'
import { withoutExpired } from '../../src/entity/expiry.js'
import { removeVerified } from '../../src/entity/factors.js'
import { hashOf, newMark } from '../../src/entity/mark.js'
import { entityWith, NOW, verifiedFactor } from './documents.js'

const LIFE = 86_400
const NAME = 'Firefox on Linux'
const AGES = { maxAge: 60, freshness: 60 }
/** The name of a browser, and the approval that remembered it. */
const GRANTED = { name: NAME, approval: hashOf(newMark()) }

/** Alice's entity with a factor, and a browser that was remembered now. */
function remembered (
  at = NOW, before: Entity = entityWith({ factors: [verifiedFactor()] })
): Remembered & { readonly token: string } {
  const made = remember(before, [], { ...GRANTED, at })
  return { ...made, token: made.tokens[0] ?? '' }
}

t.test('a browser counts with its token, from its challenge to the end of its life', async t => {
  const { entity, token } = remembered()
  t.ok(isToken(token))
  t.equal(Buffer.from(token, 'base64url').length, 32)
  const at = (now: number) => browserOf(entity, [token], LIFE, now)
  for (const now of [NOW - 30, NOW, NOW + LIFE]) t.match(at(now), { name: NAME })
  for (const now of [NOW - 31, NOW + LIFE + 1]) t.equal(at(now), null, String(now))
  t.equal(browserOf(entity, [token], 0, NOW), null, 'the option is off')
  t.equal(browserOf(entity, [], LIFE, NOW), null)
  t.equal(browserOf(entity, [remembered().token], LIFE, NOW), null, 'of another one')
  t.equal(browserOf({ ...entity, browsers: [] }, [token], LIFE, NOW), null)
})

t.test('it is of one entity and one generation, and counts for nothing without a factor', async t => {
  const { entity, token } = remembered()
  t.equal(browserOf({ ...entity, sid: newEntity('alice', NOW).sid }, [token], LIFE, NOW), null)
  t.equal(browserOf(voidApprovals(entity), [token], LIFE, NOW), null)
  t.equal(browserOf({ ...entity, factors: [] }, [token], LIFE, NOW), null)
  t.notOk(JSON.stringify(entity).includes(token), 'the document doesn\'t hold the token')
})

t.test('what no longer counts is dropped with the next write, and all with the last factor', async t => {
  const { entity } = remembered()
  t.equal(withoutExpired(entity, AGES, NOW + LONGEST_REMEMBERED).browsers.length, 1, 'whatever this server\'s option')
  t.same(withoutExpired(entity, AGES, NOW + LONGEST_REMEMBERED + 1).browsers, [])
  t.same(withoutExpired(voidApprovals(entity), AGES, NOW).browsers, [])
  const sids = entity.factors.map(({ sid }) => sid)
  t.same(removeVerified(entity, sids).browsers, [])
  const another = { ...entity, factors: [...entity.factors, verifiedFactor()] }
  t.same(rememberedBrowsers(removeVerified(another, sids), LIFE, NOW), [], 'one of two factors voids them')
})

t.test('a browser that is remembered again has one place in the list, and a new token', async t => {
  const { entity, token } = remembered()
  const again = remember(entity, [token], { ...GRANTED, at: NOW + 60 })
  t.equal(again.entity.browsers.length, 1)
  t.not(again.tokens[0], token)
  t.equal(again.tokens.length, 1)
  t.equal(browserOf(again.entity, [token], LIFE, NOW + 60), null, 'the old token is void')
  const later = { at: NOW + 60 }
  t.match(browserOf(again.entity, again.tokens, LIFE, NOW + 60), later)
  const both = remember(entity, [], { ...GRANTED, ...later })
  t.match(browserOf(both.entity, [token, ...both.tokens], LIFE, NOW + 60), later, 'the later one counts')
  t.same(rememberedBrowsers(both.entity, LIFE, NOW + 60).map(({ at }) => at), [NOW + 60, NOW], 'latest first')
})

t.test('two users of one browser keep their tokens, up to eight of them', async t => {
  const [alice, bobs] = [remembered(), { ...newEntity('bob', NOW), factors: [verifiedFactor()] }]
  const bob = remembered(NOW, bobs)
  const { entity, tokens } = remember(alice.entity, [bob.token, alice.token], { ...GRANTED, at: NOW })
  t.equal(tokens.length, 2)
  t.equal(tokens[1], bob.token)
  t.same(forget(entity, browsersWith(entity, tokens), tokens).tokens, [bob.token])
  const full = Array.from({ length: MAX_TOKENS }, () => remembered().token)
  const last = remember(entity, full, { ...GRANTED, at: NOW }).tokens
  t.equal(last.length, MAX_TOKENS)
  t.same(last.slice(1), full.slice(0, -1), 'the oldest one goes')
})

t.test('whatever is remembered and forgotten, a document keeps to its cap, and the latest ones stay', async () => {
  const forgets = fc.option(fc.nat(MAX_BROWSERS))
  const step = fc.record({ isNew: fc.boolean(), forgets, wait: fc.nat(1000) })
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), steps => {
    let [entity, now]: [Entity, number] = [entityWith({ factors: [verifiedFactor()] }), NOW]
    let kept: string[] = []
    for (const { isNew, forgets, wait } of steps) {
      now += wait
      const own = isNew ? [] : kept.slice(-1)
      const made = remember(entity, own, { ...GRANTED, at: now })
      kept = [...kept.filter(token => !own.includes(token)), ...made.tokens.slice(0, 1)].slice(-MAX_BROWSERS)
      entity = entityOf('alice', made.entity)
      const gone = entity.browsers[forgets ?? -1]
      if (gone === undefined) continue
      kept = kept.filter((_, place) => place !== forgets)
      entity = entityOf('alice', forget(entity, [gone], []).entity)
    }
    const found = kept.map(token => browserOf(entity, [token], LONGEST_REMEMBERED, now))
    return entity.browsers.length === kept.length &&
      found.every((browser, place) => browser === entity.browsers[place])
  }))
})

t.test('the public form has no hash', async t => {
  const { entity } = remembered()
  const [shown] = rememberedBrowsers(entity, LIFE, NOW).map(browser => publicBrowser(browser, LIFE, true))
  t.match(shown?.sid, /^YB[0-9a-f]{32}$/)
  t.same(shown, { sid: shown?.sid, name: NAME, at: NOW, expiresAt: NOW + LIFE, current: true })
})
