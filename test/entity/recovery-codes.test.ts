import { createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import type { Entity } from '../../src/entity/entity.js'
import { hashOf, newMark } from '../../src/entity/mark.js'
import { MAX_RECOVERY_CODES, noAttempts } from '../../src/entity/entity.js'
import { approvalOf } from '../../src/entity/approvals.js'
import { newReservation } from '../../src/entity/attempts.js'
import { livingUnverified } from '../../src/entity/factors.js'
import {
  canonicalRecoveryCode, isPassInForce, newRecoveryCode, recoveryHash, spendRecoveryCode, withNewRecoveryCodes
} from '../../src/entity/recovery-codes.js'
import {
  approvalWith, entityWith, NOW, passWith, sessionWith, unverifiedFactor, verifiedFactor
} from './documents.js'

const enrolled = entityWith({ factors: [verifiedFactor()] })
const malformed = { code: 'FST_ERR_VALIDATION', statusCode: 400 }

/** Alice with as many recovery codes, and the codes in the form in which they are compared. */
function withCodes (count = 10, entity = enrolled): { entity: Entity, codes: string[] } {
  const made = withNewRecoveryCodes(entity, count)
  return { entity: made.entity, codes: made.codes.map(canonicalRecoveryCode) }
}

/** Alice with a pass, and the pass in the form in which it is compared. */
function withPass (entity = enrolled, differences = {}): { entity: Entity, code: string } {
  const code = canonicalRecoveryCode(newRecoveryCode())
  const pass = passWith(entity, { hash: recoveryHash('pass', entity.sid, code), ...differences })
  return { entity: { ...entity, pass }, code }
}

t.test('a new code has 120 random bits, in six groups of four', async t => {
  const codes = Array.from({ length: 2000 }, newRecoveryCode)
  for (const code of codes) t.match(code, /^[A-Z2-7]{4}(?:-[A-Z2-7]{4}){5}$/)
  t.equal(new Set(codes).size, codes.length)
  for (let place = 0; place < 24; place++) {
    const seen = new Set(codes.map(code => canonicalRecoveryCode(code)[place]))
    t.equal(seen.size, 32, `every character is used at place ${place}`)
  }
})

t.test('a code has one canonical form, whatever its case, blanks and hyphens', async t => {
  const code = 'ABCD-EFGH-IJKL-MNOP-QRST-2345'
  const canonical = 'ABCDEFGHIJKLMNOPQRST2345'
  const spellings = [
    code, canonical, canonical.toLowerCase(), code.replaceAll('-', ' '), ` ${code}\n`, `\t${code.toLowerCase()}\r\n`,
    code.replaceAll('-', '\u00a0'), code.replaceAll('-', '\u2009'), code.replaceAll('-', '\u3000'),
    code.replaceAll('-', '\u2011'), code.replaceAll('-', '\u2013'), code.replaceAll('-', '\u2014'),
    `\ufeff${code}\u200b`, `\u2066${code}\u2069`, code.replaceAll('-', ' - '), canonical.split('').join('-'),
    'ＡＢＣＤ－ＥＦＧＨ－ＩＪＫＬ－ＭＮＯＰ－ＱＲＳＴ－２３４５', 'ａｂｃｄefghijklmnopqrst2345'
  ]
  for (const spelling of spellings) {
    t.equal(canonicalRecoveryCode(spelling), canonical, JSON.stringify(spelling))
  }
  t.equal(canonicalRecoveryCode(`${canonical}${' '.repeat(232)}`), canonical)
})

t.test('anything else is malformed', async t => {
  const canonical = 'ABCDEFGHIJKLMNOPQRST2345'
  const wrong = [
    '', ' ', '-', canonical.slice(1), `${canonical}A`, canonical.replace('A', '0'), canonical.replace('A', '1'),
    canonical.replace('A', '8'), canonical.replace('A', '9'), canonical.replace('A', 'Ä'), canonical.replace('A', 'А'),
    canonical.replace('A', '_'), canonical.replace('A', '='), canonical.replace('A', '\0'), `${canonical}.`, `${canonical},`,
    '123456', `${canonical}${' '.repeat(233)}`, '-'.repeat(1_000_000), canonical.repeat(2), 'ß'.repeat(12),
    undefined, null, 5, {}, [], [canonical], Object(canonical), { toString: () => canonical }, true, Symbol('x'),
    canonical.replace('S', 'ſ').toLowerCase().replace('i', 'ı')
  ]
  for (const typed of wrong) {
    t.throws(() => canonicalRecoveryCode(typed), malformed, String(typed).slice(0, 40))
  }
})

t.test('every code that is made is read back, however it is written', async t => {
  const separator = fc.constantFrom('', '-', ' ', '\u00a0', '\u2010', '\u200d', '\t')
  const separators = fc.array(separator, { minLength: 24, maxLength: 24 })
  const property = fc.property(separators, fc.boolean(), (between, lower) => {
    const code = newRecoveryCode()
    const canonical = code.replaceAll('-', '')
    const spelt = [...canonical].map((character, place) => between[place] + character).join('')
    return canonicalRecoveryCode(lower ? spelt.toLowerCase() : spelt) === canonical
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1000 }))
})

t.test('a hash is SHA-256 over the label, the entity and the code', async t => {
  const sid = `YE${'0123456789abcdef'.repeat(2)}`
  const code = 'ABCDEFGHIJKLMNOPQRST2345'
  // By another implementation: printf '…recovery\nYE…\nABC…' | openssl sha256 -binary | basenc --base64url
  t.equal(recoveryHash('recovery', sid, code), '9bzc8pQvZRTr81Sp8ReG83fVk9lt3Mu7jFsUebZ9roM')
  t.equal(recoveryHash('pass', sid, code), 'DAYkj_E0F1v_t7OiwFgKH5U2-nKNRA6VwDiEC-daZU0')
  const again = (label: string) =>
    createHash('sha256').update(`fastify-verify-totp ${label}\n${sid}\n${code}`).digest('base64url')
  t.equal(recoveryHash('recovery', sid, code), again('recovery'))
  t.not(recoveryHash('recovery', enrolled.sid, code), recoveryHash('recovery', sid, code), 'of this entity alone')
})

t.test('a new set replaces the one before, and the entity keeps no code', async t => {
  const first = withCodes(10)
  const second = withCodes(3, first.entity)
  t.equal(first.entity.recoveryCodes.length, 10)
  t.equal(second.entity.recoveryCodes.length, 3)
  t.equal(new Set([...first.codes, ...second.codes]).size, 13)
  for (const code of first.codes) t.equal(spendRecoveryCode(second.entity, code, true, NOW), null)
  for (const code of second.codes) t.notMatch(JSON.stringify(second.entity), code)
  t.equal(second.entity.generation, enrolled.generation, 'making codes ends no approval')
})

t.test('each code works once, in any order', async t => {
  const { entity, codes } = withCodes(MAX_RECOVERY_CODES)
  const order = fc.shuffledSubarray(codes, { minLength: codes.length, maxLength: codes.length })
  t.doesNotThrow(() => fc.assert(fc.property(order, order => {
    let state = entity
    for (const [spent, code] of order.entries()) {
      const { method, entity: next } = spendRecoveryCode(state, code, true, NOW) ?? {}
      if (method !== 'recovery' || next === undefined) return false
      if (next.recoveryCodes.length !== codes.length - spent - 1) return false
      if (spendRecoveryCode(next, code, true, NOW) !== null) return false
      state = next
    }
    return codes.every(code => spendRecoveryCode(state, code, true, NOW) === null)
  }), { numRuns: 200 }))
})

t.test('spending ends lock, disabled state, both counts and every approval; attempts under way stay', async t => {
  const [mark, other] = [newMark(), newMark()]
  const pending = [newReservation(enrolled.factors[0]?.sid ?? '', hashOf('x'), NOW)]
  const before = {
    ...enrolled,
    attempts: {
      ...noAttempts(NOW - 9), failures: 50, unknown: 3, tally: 99, lockedAt: NOW, disabledAt: NOW, pending
    },
    approvals: [approvalWith(mark, enrolled)],
    unverified: unverifiedFactor(other, enrolled.generation)
  }
  const [passing, recovering] = [withPass(before), withCodes(1, before)]
  const ways = [[passing.entity, passing.code], [recovering.entity, recovering.codes[0] ?? '']] as const
  for (const [state, code] of ways) {
    const spent = spendRecoveryCode(state, code, true, NOW)
    if (spent === null) throw new Error('it was refused')
    t.same(spent.entity.attempts, { ...noAttempts(NOW), pending })
    t.equal(spent.entity.generation, before.generation + 1)
    t.equal(approvalOf(spent.entity, sessionWith(mark), { maxAge: 60, freshness: 60 }, NOW), null)
    t.equal(livingUnverified(spent.entity, NOW), null)
    t.same(spent.entity.factors, before.factors, 'the factors stay')
  }
})

t.test('a pass works once, while it is in force', async t => {
  const { entity, code } = withPass()
  const spent = spendRecoveryCode(entity, code, true, NOW)
  t.match(spent, { method: 'pass', by: 'Carol of support', entity: { pass: null } })
  t.equal(spendRecoveryCode(spent?.entity ?? null, code, true, NOW), null)
  const times = [[0, true], [600, true], [601, false], [-30, true], [-31, false]] as const
  for (const [seconds, works] of times) {
    t.equal(spendRecoveryCode(entity, code, true, NOW + seconds) !== null, works, `after ${seconds} s`)
    t.equal(entity.pass !== null && isPassInForce(entity, entity.pass, NOW + seconds), works)
  }
  for (const generation of [entity.generation - 1, entity.generation + 1]) {
    t.equal(spendRecoveryCode({ ...entity, generation }, code, true, NOW), null, 'of one generation')
  }
})

t.test('recovery codes may be turned off, and a pass is spent all the same', async t => {
  const { entity, codes: [recovery = ''] } = withCodes()
  const { entity: both, code } = withPass(entity)
  t.equal(spendRecoveryCode(both, recovery, false, NOW), null)
  const spent = spendRecoveryCode(both, code, false, NOW)
  t.match(spent, { method: 'pass' })
  t.same(spent?.entity.recoveryCodes, both.recoveryCodes, 'the codes stay where they are')
})

t.test('neither kind of code passes for the other, nor for another entity', async t => {
  const { entity, codes: [recovery = ''] } = withCodes()
  const { entity: both, code } = withPass(entity)
  const asPass = { ...both, recoveryCodes: [], pass: passWith(both, { hash: entity.recoveryCodes[0] ?? '' }) }
  t.equal(spendRecoveryCode(asPass, recovery, true, NOW), null, 'a recovery code in the place of a pass')
  const asRecovery = { ...both, recoveryCodes: [both.pass?.hash ?? ''], pass: null }
  t.equal(spendRecoveryCode(asRecovery, code, true, NOW), null, 'a pass among the recovery codes')
  const stranger = { ...both, sid: entityWith().sid }
  for (const typed of [recovery, code]) t.equal(spendRecoveryCode(stranger, typed, true, NOW), null)
})

t.test('without an entity, a factor or a code nothing is spent', async t => {
  const { entity, codes: [code = ''] } = withCodes()
  const { entity: passing, code: pass } = withPass(entity)
  t.equal(spendRecoveryCode(null, code, true, NOW), null)
  const unenrolled = { ...passing, factors: [] }
  for (const typed of [code, pass]) t.equal(spendRecoveryCode(unenrolled, typed, true, NOW), null)
  t.equal(spendRecoveryCode(enrolled, code, true, NOW), null)
  t.equal(spendRecoveryCode(passing, canonicalRecoveryCode(newRecoveryCode()), true, NOW), null)
  t.not(spendRecoveryCode(passing, code, true, NOW), null, 'while both are there')
})
