import t from 'tap'
import { newMark } from '../../src/entity/mark.js'
import { entityOf } from '../../src/entity/entity.js'
import {
  addVerified, afterFailure, livingUnverified, ownUnverified, publicFactor, removeVerified, verifiedEmbedded
} from '../../src/entity/factors.js'
import { approvalWith, entityWith, NOW, sessionWith, unverifiedFactor, verifiedFactor } from './documents.js'

const mark = newMark()
const empty = entityWith()
const unverified = unverifiedFactor(mark, empty.generation)
const enrolling = { ...empty, unverified }

t.test('an unverified factor lives for 10 minutes, within its generation', async t => {
  t.equal(livingUnverified(empty, NOW), null)
  t.equal(livingUnverified(enrolling, NOW), unverified)
  t.equal(livingUnverified(enrolling, NOW + 600), unverified)
  t.equal(livingUnverified(enrolling, NOW + 601), null)
  t.equal(livingUnverified(enrolling, NOW - 30), unverified)
  t.equal(livingUnverified(enrolling, NOW - 31), null, 'the clock went back')
  t.equal(livingUnverified({ ...enrolling, generation: empty.generation + 1 }, NOW), null)
})

t.test('an unverified factor belongs to the session that enrolled it, and operators may have any', async t => {
  t.equal(ownUnverified(enrolling, sessionWith(mark), NOW), unverified)
  t.equal(ownUnverified(enrolling, sessionWith(newMark()), NOW), null)
  t.equal(ownUnverified(enrolling, sessionWith(null), NOW), null)
  t.equal(ownUnverified(enrolling, null, NOW), unverified)
  for (const session of [sessionWith(mark), null]) t.equal(ownUnverified(enrolling, session, NOW + 601), null)
  const byOperator = { ...enrolling, unverified: { ...unverified, hash: null } }
  t.equal(ownUnverified(byOperator, sessionWith(mark), NOW), null)
  t.equal(ownUnverified(byOperator, sessionWith(null), NOW), null, 'an operator\'s belongs to no session')
})

t.test('the fifth wrong code ends an unverified factor', async t => {
  for (const failures of [1, 2, 3, 4]) {
    const tried = { ...unverified, failures }
    t.equal(afterFailure(tried), tried)
  }
  t.equal(afterFailure({ ...unverified, failures: 5 }), null)
})

t.test('the first verified factor voids what was approved or enrolled before', async t => {
  const before = { ...enrolling, approvals: [approvalWith(mark, empty)] }
  const verified = addVerified({ ...before, unverified: null }, verifiedEmbedded(unverified, 7, NOW + 9))
  const { hash, generation, failures, ...enrolled } = unverified
  t.same(verified.factors, [{ ...enrolled, verifiedAt: NOW + 9, lastUsedAt: NOW + 9, lastStep: 7 }])
  const generationAfter = empty.generation + 1
  t.same({ ...verified, factors: [] }, { ...before, unverified: null, generation: generationAfter })
  t.doesNotThrow(() => entityOf('alice', JSON.parse(JSON.stringify(verified))))
})

t.test('another verified factor comes last and leaves approvals unchanged', async t => {
  const first = verifiedFactor()
  const one = { ...enrolling, factors: [first], approvals: [approvalWith(mark, enrolling)] }
  const two = addVerified({ ...one, unverified: null }, verifiedEmbedded(unverified, 7, NOW))
  t.same(two.factors.map(({ sid }) => sid), [first.sid, unverified.sid])
  t.match(two, { generation: one.generation, approvals: one.approvals, unverified: null })
})

t.test('removing a verified factor voids every approval and the unverified factor', async t => {
  const [kept, removed] = [verifiedFactor(), verifiedFactor()]
  const before = { ...enrolling, factors: [kept, removed], approvals: [approvalWith(mark, enrolling)] }
  const after = removeVerified(before, [removed.sid])
  const generation = before.generation + 1
  t.same(after, { ...before, factors: [kept], generation })
})

t.test('the public factor has no secret, hash, steps or counts', async t => {
  const { sid, friendlyName, config, createdAt } = unverified
  const common = { sid, friendlyName, config, createdAt }
  t.strictSame(publicFactor(unverified), { ...common, status: 'unverified', verifiedAt: null, lastUsedAt: null })
  t.strictSame(publicFactor(verifiedFactor({ sid, verifiedAt: NOW + 1, lastUsedAt: NOW + 2 })),
    { ...common, status: 'verified', verifiedAt: NOW + 1, lastUsedAt: NOW + 2 })
})
