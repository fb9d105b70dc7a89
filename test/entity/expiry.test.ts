import t from 'tap'
import { hashOf, newMark } from '../../src/entity/mark.js'
import { withoutExpired } from '../../src/entity/expiry.js'
import { approvalWith, entityWith, NOW, unverifiedFactor, verifiedFactor } from './documents.js'

t.test('everything that has expired is dropped, and nothing else', async t => {
  const entity = entityWith({ factors: [verifiedFactor()] })
  const approvedAt = (at: number) => approvalWith(newMark(), entity, at)
  const [living, old, future] = [approvedAt(NOW), approvedAt(NOW - 61), approvedAt(NOW + 31)]
  const withdrawnAt = (at: number) => ({ hash: hashOf(newMark()), at })
  const [fresh, long, ahead] = [withdrawnAt(NOW), withdrawnAt(NOW - 3601), withdrawnAt(NOW + 31)]
  const other = { ...living, generation: entity.generation - 1 }
  const gone = { ...living, factorSid: verifiedFactor().sid }
  const unverified = unverifiedFactor(newMark(), entity.generation)
  const approvals = [old, living, future, other, gone]
  const full = { ...entity, unverified, approvals, withdrawn: [long, fresh, ahead] }
  t.same(withoutExpired(full, 60, NOW), { ...full, approvals: [living], withdrawn: [fresh] })
  const later = { ...full, unverified: null, approvals: [], withdrawn: [fresh, ahead] }
  t.same(withoutExpired(full, 60, NOW + 601), later)
})

t.test('a withdrawn mark is kept for as long as a request may take', async t => {
  const entity = entityWith({ withdrawn: [{ hash: hashOf(newMark()), at: NOW }] })
  t.equal(withoutExpired(entity, 60, NOW + 3600).withdrawn.length, 1)
  t.equal(withoutExpired(entity, 60, NOW + 3601).withdrawn.length, 0)
})
