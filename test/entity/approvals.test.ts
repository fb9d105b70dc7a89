import t from 'tap'
import {
  approvalOf, approve, isInForce, isWithdrawn, keepRecovered, publicApproval, voidApprovals, withdraw
} from '../../src/entity/approvals.js'
import { entityOf, MAX_SESSIONS, type Entity } from '../../src/entity/entity.js'
import { withoutExpired } from '../../src/entity/expiry.js'
import { livingUnverified, removeVerified } from '../../src/entity/factors.js'
import { hashOf, newMark, type Session } from '../../src/entity/mark.js'
import {
  approvalWith, entityWith, NOW, passWith, recoveredWith, sessionWith, unverifiedFactor, verifiedFactor
} from './documents.js'

const factor = verifiedFactor()
const PROOF = { method: 'totp', factorSid: factor.sid } as const
const enrolled = entityWith({ factors: [factor] })
const AGES = { maxAge: 60, freshness: 20 }

t.test('the entity keeps the hash of a mark, never the mark', async t => {
  const mark = newMark()
  const { entity, approval } = approve(enrolled, sessionWith(null), PROOF, approvalTo(hashOf(mark)))
  const { generation } = enrolled
  t.same(approval, { hash: hashOf(mark), formerMarks: [], method: 'totp', factorSid: factor.sid, at: NOW, generation })
  t.notMatch(JSON.stringify(entity), mark)
  t.doesNotThrow(() => entityOf('alice', JSON.parse(JSON.stringify(entity))))
})

t.test('an approval belongs to one session', async t => {
  const mark = newMark()
  const { entity, approval } = approve(enrolled, sessionWith(null), PROOF, approvalTo(hashOf(mark)))
  t.equal(approvalOf(entity, sessionWith(mark), AGES, NOW), approval)
  t.equal(approvalOf(entity, sessionWith(newMark()), AGES, NOW), null)
  t.equal(approvalOf(entity, sessionWith(null), AGES, NOW), null)
  t.equal(approvalOf(entity, sessionWith(hashOf(mark)), AGES, NOW), null, 'the hash is not the mark')
  t.equal(approvalOf(enrolled, sessionWith(mark), AGES, NOW), null)
})

t.test('an approval expires to the second, and is void after the clock went back', async t => {
  const mark = newMark()
  const { entity } = approve(enrolled, sessionWith(null), PROOF, approvalTo(hashOf(mark)))
  for (const [seconds, passes] of [[0, true], [60, true], [61, false], [-30, true], [-31, false]] as const) {
    t.equal(approvalOf(entity, sessionWith(mark), AGES, NOW + seconds) !== null, passes, `after ${seconds} s`)
  }
})

t.test('an approval belongs to one generation and to a factor that is still there and verified', async t => {
  const approval = approvalWith(newMark(), enrolled)
  t.ok(isInForce(enrolled, approval, AGES, NOW))
  t.notOk(isInForce({ ...enrolled, generation: enrolled.generation + 1 }, approval, AGES, NOW))
  t.notOk(isInForce({ ...enrolled, generation: enrolled.generation - 1 }, approval, AGES, NOW))
  t.notOk(isInForce({ ...enrolled, factors: [] }, approval, AGES, NOW))
  t.notOk(isInForce({ ...enrolled, factors: [verifiedFactor()] }, approval, AGES, NOW))
  const unverified = unverifiedFactor(null, enrolled.generation, { sid: factor.sid })
  t.notOk(isInForce({ ...enrolled, factors: [], unverified }, approval, AGES, NOW))
  t.notOk(isInForce(enrolled, approval, AGES, NOW + 61))
})

t.test('a new approval replaces the one that the session had, and no other', async t => {
  const [first, second, other] = [newMark(), newMark(), newMark()]
  const two = { ...enrolled, approvals: [approvalWith(first, enrolled), approvalWith(other, enrolled)] }
  const { entity } = approve(two, sessionWith(first), PROOF, approvalTo(hashOf(second), NOW + 5))
  t.same(entity.approvals.map(({ hash }) => hash), [hashOf(other), hashOf(second)])
  t.equal(approvalOf(entity, sessionWith(first), AGES, NOW + 5), null, 'the old mark opens nothing')
  t.equal(approvalOf(entity, sessionWith(second), AGES, NOW + 5)?.at, NOW + 5)
  t.equal(two.approvals.length, 2, 'the entity before is left unchanged')
})

t.test('an unverified factor follows the mark of the session that enrolled it', async t => {
  const [mark, next] = [newMark(), hashOf(newMark())]
  const own = { ...enrolled, unverified: unverifiedFactor(mark, enrolled.generation) }
  const approvedBy = (session: Session) =>
    approve(own, session, PROOF, approvalTo(next)).entity.unverified?.hash
  t.equal(approvedBy(sessionWith(mark)), next)
  t.equal(withdraw(own, sessionWith(mark), next, NOW).unverified?.hash, next)
  t.equal(approvedBy(sessionWith(newMark())), hashOf(mark))
  t.equal(approvedBy(sessionWith(null)), hashOf(mark))
  t.equal(approve(enrolled, sessionWith(mark), PROOF, approvalTo(next)).entity.unverified, null)
})

t.test('64 approvals and 64 withdrawn marks are kept, and the oldest go first', async t => {
  let entity: Entity = enrolled
  const marks = Array.from({ length: MAX_SESSIONS + 2 }, newMark)
  for (const mark of marks) {
    entity = approve(entity, sessionWith(null), PROOF, approvalTo(hashOf(mark))).entity
  }
  t.same(entity.approvals.map(({ hash }) => hash), marks.slice(2).map(hashOf))
  for (const mark of marks) entity = withdraw(entity, sessionWith(mark), hashOf(newMark()), NOW)
  t.same(entity.approvals, [])
  t.same(entity.withdrawn.map(({ hash }) => hash), marks.slice(2).map(hashOf))
  t.doesNotThrow(() => entityOf('alice', JSON.parse(JSON.stringify(entity))))
})

t.test('a withdrawn approval is gone, and its mark is withdrawn for requests that began before', async t => {
  const [mark, next] = [newMark(), newMark()]
  const { entity } = approve(enrolled, sessionWith(null), PROOF, approvalTo(hashOf(mark)))
  const withdrawn = withdraw(entity, sessionWith(mark), hashOf(next), NOW + 10)
  t.notOk(isWithdrawn(withdrawn, sessionWith(mark, NOW), NOW - 21), 'the clock has gone back since')
  t.equal(approvalOf(withdrawn, sessionWith(mark), AGES, NOW + 10), null)
  t.equal(approvalOf(withdrawn, sessionWith(next), AGES, NOW + 10), null)
  t.ok(isWithdrawn(withdrawn, sessionWith(mark, NOW), NOW))
  t.ok(isWithdrawn(withdrawn, sessionWith(mark, NOW + 10), NOW))
  t.ok(isWithdrawn(withdrawn, sessionWith(mark, NOW + 40), NOW), 'clocks may differ')
  t.notOk(isWithdrawn(withdrawn, sessionWith(mark, NOW + 41), NOW))
  t.notOk(isWithdrawn(withdrawn, sessionWith(next, NOW), NOW))
  t.notOk(isWithdrawn(withdrawn, sessionWith(null, NOW), NOW))
  t.notOk(isWithdrawn(entity, sessionWith(mark, NOW), NOW))
})

t.test('an approval that another request of the session got meanwhile is withdrawn too', async t => {
  const [mark, slow, other, next] = [newMark(), newMark(), newMark(), newMark()]
  const first = approve(enrolled, sessionWith(null), PROOF, approvalTo(hashOf(mark))).entity
  const second = approve(first, sessionWith(mark), PROOF, approvalTo(hashOf(slow)))
  t.same(second.approval.formerMarks, [hashOf(mark)])
  const third = approve(second.entity, sessionWith(null), PROOF, approvalTo(hashOf(other)))
  const withdrawn = withdraw(third.entity, sessionWith(mark), hashOf(next), NOW)
  t.same(withdrawn.approvals, [third.approval])
  t.equal(approvalOf(withdrawn, sessionWith(slow), AGES, NOW), null)
})

t.test('withdrawing withdraws the former marks of the session too, for requests that began with them', async t => {
  const [first, second, third, next] = [newMark(), newMark(), newMark(), newMark()]
  const one = approve(enrolled, sessionWith(first), PROOF, approvalTo(hashOf(second))).entity
  const two = approve(one, sessionWith(second), PROOF, approvalTo(hashOf(third))).entity
  t.equal(withdraw(two, sessionWith(first), hashOf(next), NOW).approvals.length, 0, 'by a slow logout that began with the first mark')
  const withdrawn = withdraw(two, sessionWith(third), hashOf(next), NOW)
  for (const mark of [first, second, third]) t.ok(isWithdrawn(withdrawn, sessionWith(mark, NOW), NOW))
})

t.test('approvals that copies of one session got are withdrawn together', async t => {
  const [before, mark, copy, later] = [newMark(), newMark(), newMark(), newMark()]
  const [other, next] = [newMark(), newMark()]
  const steps = [[before, mark], [before, copy], [copy, later], [other, other]] as const
  const approved = steps.reduce<Entity>((entity, [from, to]) =>
    approve(entity, sessionWith(from), PROOF, approvalTo(hashOf(to))).entity, enrolled)
  const withdrawn = withdraw(approved, sessionWith(mark), hashOf(next), NOW)
  t.same(withdrawn.approvals.map(({ hash }) => hash), [hashOf(other)])
  for (const old of [before, mark, copy, later]) t.ok(isWithdrawn(withdrawn, sessionWith(old, NOW), NOW))
  t.notOk(isWithdrawn(withdrawn, sessionWith(other, NOW), NOW))
})

t.test('beyond the limit, the marks of the session itself are kept', async t => {
  const [before, mark] = [newMark(), newMark()]
  const formerMarks = [hashOf(before), ...Array.from({ length: 7 }, () => hashOf(newMark()))]
  const copy = () => ({ ...approvalWith(newMark(), enrolled), formerMarks })
  const own = { ...approvalWith(mark, enrolled), formerMarks: [hashOf(before)] }
  const approvals = [own, ...Array.from({ length: MAX_SESSIONS - 1 }, copy)]
  const withdrawn = withdraw({ ...enrolled, approvals }, sessionWith(mark), hashOf(newMark()), NOW)
  t.same([withdrawn.approvals.length, withdrawn.withdrawn.length], [0, MAX_SESSIONS])
  for (const old of [before, mark]) t.ok(isWithdrawn(withdrawn, sessionWith(old, NOW), NOW))
})

t.test('beyond the limit, the marks withdrawn last are kept, even with clocks that differ', async t => {
  const [ahead, next] = [newMark(), hashOf(newMark())]
  let entity = withdraw(enrolled, sessionWith(ahead), next, NOW + 20)
  for (let others = 0; others < MAX_SESSIONS; others++) {
    entity = withdraw(entity, sessionWith(newMark()), next, NOW + 1)
  }
  t.ok(isWithdrawn(entity, sessionWith(ahead, NOW + 19), NOW))
  const again = withdraw(entity, sessionWith(ahead), next, NOW + 21)
  t.same(again.withdrawn.filter(({ hash }) => hash === hashOf(ahead)), [{ hash: hashOf(ahead), at: NOW + 21 }], 'each once')
})

t.test('a session without a mark has nothing to withdraw', async t => {
  t.equal(withdraw(enrolled, sessionWith(null), hashOf(newMark()), NOW), enrolled)
})

t.test('a new generation voids every approval and the unverified factor', async t => {
  const mark = newMark()
  const { entity } = approve(enrolled, sessionWith(null), PROOF, approvalTo(hashOf(mark)))
  const before = { ...entity, unverified: unverifiedFactor(mark, entity.generation) }
  const after = voidApprovals(before)
  t.same(after, { ...before, generation: before.generation + 1 })
  t.equal(approvalOf(after, sessionWith(mark), AGES, NOW), null)
  t.equal(livingUnverified(after, NOW), null)
  t.match(withoutExpired(after, AGES, NOW), { approvals: { length: 0 }, unverified: null })
})

t.test('the public approval has no hash', async t => {
  const shown = publicApproval(approvalWith(newMark(), enrolled), AGES)
  t.strictSame(shown, { method: 'totp', factorSid: factor.sid, at: NOW, expiresAt: NOW + 60 })
})

t.test('an approval by a recovery code or a pass belongs to no factor, and counts while there is any', async t => {
  for (const method of ['recovery', 'pass'] as const) {
    const approval = recoveredWith(newMark(), enrolled, method)
    t.ok(isInForce(enrolled, approval, AGES, NOW))
    t.ok(isInForce({ ...enrolled, factors: [verifiedFactor()] }, approval, AGES, NOW))
    t.notOk(isInForce({ ...enrolled, factors: [] }, approval, AGES, NOW))
    t.notOk(isInForce({ ...enrolled, generation: enrolled.generation + 1 }, approval, AGES, NOW))
    const [lasts, over] = method === 'pass' ? [20, 21] : [60, 61]
    t.ok(isInForce(enrolled, approval, AGES, NOW + lasts))
    t.notOk(isInForce(enrolled, approval, AGES, NOW + over))
    t.strictSame(publicApproval(approval, AGES), { method, factorSid: null, at: NOW, expiresAt: NOW + lasts })
  }
})

t.test('any approval voids the pass', async t => {
  const before = { ...enrolled, pass: passWith(enrolled) }
  const { entity } = approve(before, sessionWith(null), PROOF, approvalTo(hashOf(newMark())))
  t.equal(entity.pass, null)
})

t.test('a removal keeps the approval of the visit that is by no app, and no other', async t => {
  const other = verifiedFactor()
  const two = { ...enrolled, factors: [factor, other] }
  const recovered = recoveredWith(newMark(), two, 'recovery')
  const [byApp, byOther] = [approvalWith(newMark(), two), recoveredWith(newMark(), two, 'pass')]
  const before = { ...two, approvals: [byOther, recovered, byApp] }
  const after = removeVerified(before, [other.sid])
  const kept = keepRecovered(before, after, recovered)
  t.same(kept.approvals.filter(approval => isInForce(kept, approval, AGES, NOW)), [
    { ...recovered, generation: after.generation }
  ])
  t.equal(keepRecovered(before, after, byApp), after, 'an app may have been stolen with the session')
  const none = removeVerified(before, [factor.sid, other.sid])
  t.equal(keepRecovered(before, none, recovered), none, 'it ends with the last factor')
})

/** The approval that a session gets with its new mark, by its hash. */
function approvalTo (hash: string, at = NOW) {
  return { hash, at }
}
