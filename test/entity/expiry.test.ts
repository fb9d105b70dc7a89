import t from 'tap'
import { hashOf, newMark } from '../../src/entity/approvals.js'
import { withoutExpired } from '../../src/entity/expiry.js'
import { approvalWith, entityWith, NOW, unverifiedFactor, verifiedFactor } from './documents.js'

t.test('what has expired is left out, and nothing else', async t => {
  const entity = entityWith({ factors: [verifiedFactor()] })
  const approvedAt = (at: number) => approvalWith(newMark(), entity, at)
  const [living, old, future] = [approvedAt(NOW), approvedAt(NOW - 61), approvedAt(NOW + 31)]
  const endedAt = (at: number) => ({ hash: hashOf(newMark()), at })
  const [fresh, long, ahead] = [endedAt(NOW), endedAt(NOW - 3601), endedAt(NOW + 31)]
  const other = { ...living, generation: entity.generation - 1 }
  const gone = { ...living, factorSid: verifiedFactor().sid }
  const unverified = unverifiedFactor(newMark(), entity.generation)
  const approvals = [old, living, future, other, gone]
  const full = { ...entity, unverified, approvals, ended: [long, fresh, ahead] }
  t.same(withoutExpired(full, 60, NOW), { ...full, approvals: [living], ended: [fresh] })
  const later = { ...full, unverified: null, approvals: [], ended: [fresh, ahead] }
  t.same(withoutExpired(full, 60, NOW + 601), later)
})

t.test('an ended mark is kept for the longest request', async t => {
  const entity = entityWith({ ended: [{ hash: hashOf(newMark()), at: NOW }] })
  t.equal(withoutExpired(entity, 60, NOW + 3600).ended.length, 1)
  t.equal(withoutExpired(entity, 60, NOW + 3601).ended.length, 0)
})
