import t from 'tap'
import { hashOf, newMark } from '../../src/entity/mark.js'
import { withoutExpired } from '../../src/entity/expiry.js'
import type { Pass } from '../../src/entity/entity.js'
import {
  approvalWith, entityWith, NOW, passWith, recoveredWith, unverifiedFactor, verifiedFactor
} from './documents.js'

const AGES = { maxAge: 60, freshness: 20 }

t.test('everything that has expired is dropped, and nothing else', async t => {
  const entity = entityWith({ factors: [verifiedFactor()] })
  const approvedAt = (at: number) => approvalWith(newMark(), entity, at)
  const [living, old, future] = [approvedAt(NOW), approvedAt(NOW - 61), approvedAt(NOW + 31)]
  const withdrawnAt = (at: number) => ({ hash: hashOf(newMark()), at })
  const [fresh, long, ahead] = [withdrawnAt(NOW), withdrawnAt(NOW - 3601), withdrawnAt(NOW + 31)]
  const other = { ...living, generation: entity.generation - 1 }
  const { generation } = entity
  const gone = approvalWith(newMark(), entityWith({ generation, factors: [verifiedFactor()] }))
  const unverified = unverifiedFactor(newMark(), entity.generation)
  const approvals = [old, living, future, other, gone]
  const full = { ...entity, unverified, approvals, withdrawn: [long, fresh, ahead] }
  t.same(withoutExpired(full, AGES, NOW), { ...full, approvals: [living], withdrawn: [fresh] })
  const later = { ...full, unverified: null, approvals: [], withdrawn: [fresh, ahead] }
  t.same(withoutExpired(full, AGES, NOW + 601), later)
})

t.test('a withdrawn mark is kept for as long as a request may take', async t => {
  const entity = entityWith({ withdrawn: [{ hash: hashOf(newMark()), at: NOW }] })
  t.equal(withoutExpired(entity, AGES, NOW + 3600).withdrawn.length, 1)
  t.equal(withoutExpired(entity, AGES, NOW + 3601).withdrawn.length, 0)
})

t.test('an approval by a pass ends with its freshness, one by a recovery code with its age', async t => {
  const entity = entityWith({ factors: [verifiedFactor()] })
  const [recovered, passed] = [recoveredWith(newMark(), entity, 'recovery'), recoveredWith(newMark(), entity, 'pass')]
  const both = { ...entity, approvals: [recovered, passed] }
  t.same(withoutExpired(both, AGES, NOW + 20).approvals, [recovered, passed])
  t.same(withoutExpired(both, AGES, NOW + 21).approvals, [recovered])
  t.same(withoutExpired(both, AGES, NOW + 61).approvals, [])
  const brief = { ...AGES, maxAge: 10 }
  t.same(withoutExpired(both, brief, NOW + 11).approvals, [], 'nothing outlasts maxAge')
  t.same(withoutExpired({ ...both, factors: [] }, AGES, NOW).approvals, [], 'nor the last factor')
})

t.test('a pass is dropped when it is over, belongs to another generation, or lies in the future', async t => {
  const entity = entityWith({ factors: [verifiedFactor()] })
  const pass = passWith(entity)
  const kept = (differences: Partial<Pass>, now = NOW) =>
    withoutExpired({ ...entity, pass: { ...pass, ...differences } }, AGES, now).pass !== null
  t.ok(kept({}))
  t.ok(kept({}, NOW + 600))
  t.notOk(kept({}, NOW + 601))
  t.ok(kept({}, NOW - 30), 'clocks may differ')
  t.notOk(kept({}, NOW - 31))
  t.notOk(kept({ generation: entity.generation + 1 }))
  t.notOk(kept({ generation: entity.generation - 1 }))
  const recoveryCodes = [hashOf('a code')]
  t.same(withoutExpired({ ...entity, recoveryCodes }, AGES, NOW + 10 ** 8).recoveryCodes, recoveryCodes, 'recovery codes never expire')
})
