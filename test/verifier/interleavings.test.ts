import fc from 'fast-check'
import t from 'tap'
import { base32nopad } from '@scure/base'
import { memoryStore, TotpError, type Entity, type EntityStore, type SessionCaller } from '../../src/index.js'
import { hashOf } from '../../src/entity/mark.js'
import type { Verifier } from '../../src/verifier/verifier.js'
import { times } from '../thoroughness.js'
import { referenceCode, rig, type Rig } from './rig.js'

/*
 * Each run is one order in which the store could have carried out the calls of several requests at once;
 * fast-check looks for an order that breaks a promise.
 */

const START = 1_800_000_000
/** Always the same one: of random secrets, a few in a million have one code twice in a window. */
const SECRET = Buffer.from('a secret of 20 bytes')
const RUNS = times(1500, 60)

interface Scene {
  readonly rig: Rig
  /** An instance whose calls to the store are carried out when the scheduler says so. */
  readonly racing: Verifier
  /** An instance that is not held up. */
  readonly calm: Verifier
  readonly code: (steps: number) => string
  readonly wrong: string
  readonly sid: string
  /** The session that enrolled, approved now. */
  readonly owner: SessionCaller
}

async function scene (s: fc.Scheduler): Promise<Scene> {
  const inner = memoryStore<Entity>()
  const racingStore: EntityStore = {
    get: s.scheduleFunction(async (key: string) => await inner.get(key)),
    replace: s.scheduleFunction(async (key: string, expected: number | null, next: Entity | null) =>
      await inner.replace(key, expected, next))
  }
  const calmRig = rig(START, inner)
  const calm = calmRig.instance()
  const racingRig = rig(START, racingStore)
  const { mark } = await calm.withdraw(session(null))
  const secret = base32nopad.encode(SECRET)
  const { factor } = await calm.enroll(session(mark), { friendlyName: 'phone', secret })
  const code = (steps: number) => referenceCode(SECRET, START / 30 + steps)
  const verified = await calm.verify(session(mark), factor.sid, code(-1))
  const near = [-1, 0, 1].map(code)
  const wrong = ['000000', '000001', '000002', '000003'].find(code => !near.includes(code)) ?? ''
  const owner = session(verified.mark)
  return { rig: calmRig, racing: racingRig.instance(), calm, code, wrong, sid: factor.sid, owner }
}

function session (mark: string | null, began = START): SessionCaller {
  return { identity: 'alice', session: { mark, began } }
}

/** The outcome of a call: the code of the refusal, or the answer. */
async function outcome<T> (call: Promise<T>): Promise<T | string> {
  try {
    return await call
  } catch (error) {
    if (error instanceof TotpError) return error.code
    throw error
  }
}

async function entityOf ({ rig }: Scene): Promise<Entity> {
  const entity = await rig.store.get('identity:alice')
  if (entity === null) throw new Error('alice is gone')
  return entity
}

function promise (name: string, story: (s: fc.Scheduler, scene: Scene) => Promise<void>): void {
  t.test(name, async () => {
    const told = fc.asyncProperty(fc.scheduler(), async s => { await story(s, await scene(s)) })
    await fc.assert(told, { numRuns: RUNS })
  })
}

function equal (actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`)
}

promise('one code in many sessions is approved once', async (s, scene) => {
  const answers = Array.from({ length: 4 }, async () =>
    await outcome(scene.racing.challenge(session(null), { code: scene.code(0) })))
  await s.waitFor(Promise.all(answers))
  const approved = (await Promise.all(answers)).filter(answer => typeof answer !== 'string')
  equal(approved.length, 1, 'approvals')
  const { factors: [factor], attempts } = await entityOf(scene)
  equal(factor?.provider === 'embedded' && factor.lastStep, START / 30, 'last step')
  equal(attempts.tally, 3, 'wrong codes counted')
})

promise('of many wrong codes no more are judged than lock', async (s, scene) => {
  const answers = Array.from({ length: 7 }, async () =>
    await outcome(scene.racing.challenge(session(null), { code: scene.wrong })))
  await s.waitFor(Promise.all(answers))
  const denied = (await Promise.all(answers)).filter(answer => answer === 'ERR_TOTP_CHALLENGE_DENIED')
  equal(denied.length, 5, 'judged')
  equal((await entityOf(scene)).attempts.failures, 5, 'counted')
})

promise('a factor is verified once', async (s, scene) => {
  const { factor, secret } = await scene.calm.enroll(scene.owner, { friendlyName: 'tablet' })
  const code = referenceCode(Buffer.from(base32nopad.decode(secret)), START / 30)
  const answers = Array.from({ length: 3 }, async () =>
    await outcome(scene.racing.verify(scene.owner, factor.sid, code)))
  await s.waitFor(Promise.all(answers))
  equal((await Promise.all(answers)).filter(answer => typeof answer !== 'string').length, 1, 'verified')
  equal((await entityOf(scene)).factors.length, 2, 'factors')
})

promise('after a removal has answered, no session passes, whatever was under way', async (s, scene) => {
  const challenge = outcome(scene.racing.challenge(session(null), { code: scene.code(0) }))
  const removal = scene.racing.remove(scene.owner, scene.sid).then(async () => await entityOf(scene))
  await s.waitFor(Promise.all([challenge, removal]))
  equal((await removal).approvals.length, 0, 'approvals')
  const answer = await challenge
  const mark = typeof answer === 'string' ? null : answer.mark
  equal(await outcome(scene.calm.check(session(mark))), 'ERR_TOTP_NOT_ENROLLED', 'passage')
})

promise('after a revocation has answered, what was approved before it is void', async (s, scene) => {
  const challenge = outcome(scene.racing.challenge(session(null), { code: scene.code(0) }))
  const revocation = scene.racing.revoke('alice').then(async () => await entityOf(scene))
  await s.waitFor(Promise.all([challenge, revocation]))
  const answer = await challenge
  if (typeof answer === 'string' || answer.mark === null) throw new Error('the code was right')
  const { approvals, generation } = await entityOf(scene)
  const approval = approvals.find(({ hash }) => hash === hashOf(answer.mark ?? ''))
  equal(approvals.length, approval === undefined ? 0 : 1, 'approvals')
  if (approval !== undefined) equal(approval.generation, generation, 'generation')
  equal(await outcome(scene.calm.check(scene.owner)), 'ERR_TOTP_CHALLENGE_REQUIRED', 'passage of the owner')
})

promise('a session that gave its approval back gets none from a challenge that was under way', async (s, scene) => {
  const challenge = outcome(scene.racing.challenge(scene.owner, { code: scene.code(0) }))
  const giving = scene.racing.withdraw(scene.owner)
  await s.waitFor(Promise.all([challenge, giving]))
  const answer = await challenge
  const given = typeof answer === 'string' ? null : answer.mark
  for (const mark of [scene.owner.session.mark, (await giving).mark, given]) {
    equal(await outcome(scene.calm.check(session(mark))), 'ERR_TOTP_CHALLENGE_REQUIRED', 'passage')
  }
})

promise('of two enrollments at once the last one stands alone', async (s, scene) => {
  const enroll = async () => await scene.racing.enroll(scene.owner, { friendlyName: 'tablet' })
  const drafts = [enroll(), enroll()]
  await s.waitFor(Promise.all(drafts))
  const { unverified } = await entityOf(scene)
  const stands = (await Promise.all(drafts)).filter(({ factor }) => factor.sid === unverified?.sid)
  equal(stands.length, 1, 'unverified factors')
})
