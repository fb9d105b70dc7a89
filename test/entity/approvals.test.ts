import { createHash } from 'node:crypto'
import t from 'tap'
import {
  approvalOf, approve, hashOf, hasEnded, holds, markOf, newMark, publicApproval, voidApprovals, withdraw,
  type Session
} from '../../src/entity/approvals.js'
import { entityOf, MAX_SESSIONS, type Entity } from '../../src/entity/entity.js'
import { withoutExpired } from '../../src/entity/expiry.js'
import { livingUnverified } from '../../src/entity/factors.js'
import { approvalWith, entityWith, NOW, sessionWith, unverifiedFactor, verifiedFactor } from './documents.js'

const factor = verifiedFactor()
const enrolled = entityWith({ factors: [factor] })

t.test('a mark is 128 random bits', async t => {
  const marks = Array.from({ length: 1000 }, newMark)
  t.equal(new Set(marks).size, 1000)
  t.ok(marks.every(mark => Buffer.from(mark, 'base64url').length === 16 && markOf(mark) === mark))
})

t.test('whatever else a session holds is no mark', async t => {
  const mark = newMark()
  const kept = [
    undefined, null, '', 'approved', true, 1, {}, [], [mark], { mark }, Object(mark), `${mark}a`, mark.slice(1),
    ` ${mark}`, `${mark}\n`, mark.slice(1) + '+', mark.slice(1) + 'é', hashOf(mark), '__proto__', () => mark
  ]
  for (const value of kept) t.equal(markOf(value), null, typeof value)
})

t.test('the entity keeps the SHA-256 of a mark', async t => {
  const mark = newMark()
  t.equal(hashOf(mark), createHash('sha256').update(mark).digest('base64url'))
  const { entity, approval } = approve(enrolled, sessionWith(null), hashOf(mark), factor.sid, NOW)
  const { generation } = enrolled
  t.same(approval, { hash: hashOf(mark), line: [], factorSid: factor.sid, at: NOW, generation })
  t.notMatch(JSON.stringify(entity), mark)
  t.doesNotThrow(() => entityOf('alice', JSON.parse(JSON.stringify(entity))))
})

t.test('an approval is of one session', async t => {
  const mark = newMark()
  const { entity, approval } = approve(enrolled, sessionWith(null), hashOf(mark), factor.sid, NOW)
  t.equal(approvalOf(entity, sessionWith(mark), 60, NOW), approval)
  t.equal(approvalOf(entity, sessionWith(newMark()), 60, NOW), null)
  t.equal(approvalOf(entity, sessionWith(null), 60, NOW), null)
  t.equal(approvalOf(entity, sessionWith(hashOf(mark)), 60, NOW), null, 'the hash is not the mark')
  t.equal(approvalOf(enrolled, sessionWith(mark), 60, NOW), null)
})

t.test('an approval ends with its age, to the second, and is void when the clock went back', async t => {
  const mark = newMark()
  const { entity } = approve(enrolled, sessionWith(null), hashOf(mark), factor.sid, NOW)
  for (const [seconds, passes] of [[0, true], [60, true], [61, false], [-30, true], [-31, false]] as const) {
    t.equal(approvalOf(entity, sessionWith(mark), 60, NOW + seconds) !== null, passes, `after ${seconds} s`)
  }
})

t.test('an approval is of one generation and of a factor that is there and verified', async t => {
  const approval = approvalWith(newMark(), enrolled)
  t.ok(holds(enrolled, approval, 60, NOW))
  t.notOk(holds({ ...enrolled, generation: enrolled.generation + 1 }, approval, 60, NOW))
  t.notOk(holds({ ...enrolled, generation: enrolled.generation - 1 }, approval, 60, NOW))
  t.notOk(holds({ ...enrolled, factors: [] }, approval, 60, NOW))
  t.notOk(holds({ ...enrolled, factors: [verifiedFactor()] }, approval, 60, NOW))
  const unverified = unverifiedFactor(null, enrolled.generation, { sid: factor.sid })
  t.notOk(holds({ ...enrolled, factors: [], unverified }, approval, 60, NOW))
  t.notOk(holds(enrolled, approval, 60, NOW + 61))
})

t.test('a new approval takes the place of the one that the session had, and of no other', async t => {
  const [first, second, other] = [newMark(), newMark(), newMark()]
  const two = { ...enrolled, approvals: [approvalWith(first, enrolled), approvalWith(other, enrolled)] }
  const { entity } = approve(two, sessionWith(first), hashOf(second), factor.sid, NOW + 5)
  t.same(entity.approvals.map(({ hash }) => hash), [hashOf(other), hashOf(second)])
  t.equal(approvalOf(entity, sessionWith(first), 60, NOW + 5), null, 'the old mark opens nothing')
  t.equal(approvalOf(entity, sessionWith(second), 60, NOW + 5)?.at, NOW + 5)
  t.equal(two.approvals.length, 2, 'what was there before is not touched')
})

t.test('an unverified factor goes with the mark of the session that enrolled it', async t => {
  const [mark, next] = [newMark(), hashOf(newMark())]
  const own = { ...enrolled, unverified: unverifiedFactor(mark, enrolled.generation) }
  const approvedBy = (session: Session) =>
    approve(own, session, next, factor.sid, NOW).entity.unverified?.hash
  t.equal(approvedBy(sessionWith(mark)), next)
  t.equal(withdraw(own, sessionWith(mark), next, NOW).unverified?.hash, next)
  t.equal(approvedBy(sessionWith(newMark())), hashOf(mark))
  t.equal(approvedBy(sessionWith(null)), hashOf(mark))
  t.equal(approve(enrolled, sessionWith(mark), next, factor.sid, NOW).entity.unverified, null)
})

t.test('64 approvals and 64 ended marks are kept, the oldest go first', async t => {
  let entity: Entity = enrolled
  const marks = Array.from({ length: MAX_SESSIONS + 2 }, newMark)
  for (const mark of marks) entity = approve(entity, sessionWith(null), hashOf(mark), factor.sid, NOW).entity
  t.same(entity.approvals.map(({ hash }) => hash), marks.slice(2).map(hashOf))
  for (const mark of marks) entity = withdraw(entity, sessionWith(mark), hashOf(newMark()), NOW)
  t.same(entity.approvals, [])
  t.same(entity.ended.map(({ hash }) => hash), marks.slice(2).map(hashOf))
  t.doesNotThrow(() => entityOf('alice', JSON.parse(JSON.stringify(entity))))
})

t.test('a withdrawn approval is gone, and only requests that began before have ended', async t => {
  const [mark, next] = [newMark(), newMark()]
  const { entity } = approve(enrolled, sessionWith(null), hashOf(mark), factor.sid, NOW)
  const withdrawn = withdraw(entity, sessionWith(mark), hashOf(next), NOW + 10)
  t.notOk(hasEnded(withdrawn, sessionWith(mark, NOW), NOW - 21), 'by a clock that went back since')
  t.equal(approvalOf(withdrawn, sessionWith(mark), 60, NOW + 10), null)
  t.equal(approvalOf(withdrawn, sessionWith(next), 60, NOW + 10), null)
  t.ok(hasEnded(withdrawn, sessionWith(mark, NOW), NOW))
  t.ok(hasEnded(withdrawn, sessionWith(mark, NOW + 10), NOW))
  t.ok(hasEnded(withdrawn, sessionWith(mark, NOW + 40), NOW), 'clocks may differ')
  t.notOk(hasEnded(withdrawn, sessionWith(mark, NOW + 41), NOW))
  t.notOk(hasEnded(withdrawn, sessionWith(next, NOW), NOW))
  t.notOk(hasEnded(withdrawn, sessionWith(null, NOW), NOW))
  t.notOk(hasEnded(entity, sessionWith(mark, NOW), NOW))
})

t.test('an approval that a request of the same session got meanwhile is withdrawn with it', async t => {
  const [mark, slow, other, next] = [newMark(), newMark(), newMark(), newMark()]
  const first = approve(enrolled, sessionWith(null), hashOf(mark), factor.sid, NOW).entity
  const second = approve(first, sessionWith(mark), hashOf(slow), factor.sid, NOW)
  t.same(second.approval.line, [hashOf(mark)])
  const third = approve(second.entity, sessionWith(null), hashOf(other), factor.sid, NOW)
  const withdrawn = withdraw(third.entity, sessionWith(mark), hashOf(next), NOW)
  t.same(withdrawn.approvals, [third.approval])
  t.equal(approvalOf(withdrawn, sessionWith(slow), 60, NOW), null)
})

t.test('requests that began with an earlier mark of the session end with it, and find their own ended', async t => {
  const [first, second, third, next] = [newMark(), newMark(), newMark(), newMark()]
  const one = approve(enrolled, sessionWith(first), hashOf(second), factor.sid, NOW).entity
  const two = approve(one, sessionWith(second), hashOf(third), factor.sid, NOW).entity
  t.equal(withdraw(two, sessionWith(first), hashOf(next), NOW).approvals.length, 0, 'a slow log-out of the first')
  const withdrawn = withdraw(two, sessionWith(third), hashOf(next), NOW)
  for (const mark of [first, second, third]) t.ok(hasEnded(withdrawn, sessionWith(mark, NOW), NOW))
})

t.test('approvals that copies of one session got go with each other', async t => {
  const [before, mark, copy, later] = [newMark(), newMark(), newMark(), newMark()]
  const [other, next] = [newMark(), newMark()]
  const steps = [[before, mark], [before, copy], [copy, later], [other, other]] as const
  const approved = steps.reduce<Entity>((entity, [from, to]) =>
    approve(entity, sessionWith(from), hashOf(to), factor.sid, NOW).entity, enrolled)
  const withdrawn = withdraw(approved, sessionWith(mark), hashOf(next), NOW)
  t.same(withdrawn.approvals.map(({ hash }) => hash), [hashOf(other)])
  for (const ended of [before, mark, copy, later]) t.ok(hasEnded(withdrawn, sessionWith(ended, NOW), NOW))
  t.notOk(hasEnded(withdrawn, sessionWith(other, NOW), NOW))
})

t.test('however many marks end with a session, its own are remembered', async t => {
  const [before, mark] = [newMark(), newMark()]
  const line = [hashOf(before), ...Array.from({ length: 7 }, () => hashOf(newMark()))]
  const copy = () => ({ ...approvalWith(newMark(), enrolled), line })
  const own = { ...approvalWith(mark, enrolled), line: [hashOf(before)] }
  const approvals = [own, ...Array.from({ length: MAX_SESSIONS - 1 }, copy)]
  const withdrawn = withdraw({ ...enrolled, approvals }, sessionWith(mark), hashOf(newMark()), NOW)
  t.same([withdrawn.approvals.length, withdrawn.ended.length], [0, MAX_SESSIONS])
  for (const ended of [before, mark]) t.ok(hasEnded(withdrawn, sessionWith(ended, NOW), NOW))
})

t.test('those that ended last are remembered, whichever clocks ended them', async t => {
  const [ahead, next] = [newMark(), hashOf(newMark())]
  let entity = withdraw(enrolled, sessionWith(ahead), next, NOW + 20)
  for (let others = 0; others < MAX_SESSIONS; others++) {
    entity = withdraw(entity, sessionWith(newMark()), next, NOW + 1)
  }
  t.ok(hasEnded(entity, sessionWith(ahead, NOW + 19), NOW))
  const again = withdraw(entity, sessionWith(ahead), next, NOW + 21)
  t.same(again.ended.filter(({ hash }) => hash === hashOf(ahead)), [{ hash: hashOf(ahead), at: NOW + 21 }], 'each once')
})

t.test('where the session holds no mark there is nothing to withdraw', async t => {
  t.equal(withdraw(enrolled, sessionWith(null), hashOf(newMark()), NOW), enrolled)
})

t.test('a new generation ends every approval and the unverified factor', async t => {
  const mark = newMark()
  const { entity } = approve(enrolled, sessionWith(null), hashOf(mark), factor.sid, NOW)
  const before = { ...entity, unverified: unverifiedFactor(mark, entity.generation) }
  const after = voidApprovals(before)
  t.same(after, { ...before, generation: before.generation + 1 })
  t.equal(approvalOf(after, sessionWith(mark), 60, NOW), null)
  t.equal(livingUnverified(after, NOW), null)
  t.match(withoutExpired(after, 60, NOW), { approvals: { length: 0 }, unverified: null })
})

t.test('an approval is shown without what proves it', async t => {
  const shown = publicApproval(approvalWith(newMark(), enrolled), 60)
  t.strictSame(shown, { factorSid: factor.sid, at: NOW, expiresAt: NOW + 60 })
})
