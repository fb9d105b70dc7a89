import fc from 'fast-check'
import t from 'tap'
import { base32nopad } from '@scure/base'
import { memoryStore, TotpError, type Entity, type EntityStore, type Passage, type SessionCaller } from '../../src/index.js'
import { hashOf } from '../../src/entity/mark.js'
import type { Verifier } from '../../src/verifier/verifier.js'
import { times } from '../thoroughness.js'
import { referenceCode, rig, type Instance, type Rig } from './rig.js'

/*
 * Each run is one order in which the calls of several requests at once could have reached the store, and in
 * which its answers could have come back; fast-check looks for an order that breaks a promise.
 */

const START = 1_800_000_000
/** Always the same one: of random secrets, a few in a million have one code twice in a window. */
const SECRET = Buffer.from('a secret of 20 bytes')
const RUNS = times(1000, 60)

interface Scene {
  readonly rig: Rig
  /** What was written on behalf of the two instances that race, in that order. */
  readonly writes: ReadonlyArray<Entity | null>
  /** An instance whose calls to the store are carried out when the scheduler says so. */
  readonly racing: Instance
  /** Another one like it. */
  readonly other: Instance
  /** An instance that is not held up. */
  readonly calm: Instance
  readonly code: (steps: number) => string
  readonly wrong: string
  readonly sid: string
  /** The session that enrolled, approved now. */
  readonly owner: SessionCaller
  readonly recoveryCodes: readonly string[]
}

async function scene (s: fc.Scheduler): Promise<Scene> {
  const inner = memoryStore<Entity>()
  const writes: Array<Entity | null> = []
  // Documents are not given to the scheduler, which would print each of them.
  const travel = s.scheduleFunction(async () => {})
  const racingStore: EntityStore = {
    async get (key) {
      await travel()
      const found = await inner.get(key)
      await travel()
      return found
    },
    async replace (key, expected, next) {
      await travel()
      const won = await inner.replace(key, expected, next)
      if (won) writes.push(next)
      await travel()
      return won
    }
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
  const recoveryCodes = verified.recoveryCodes ?? []
  const rest = { writes, code, wrong, sid: factor.sid, owner, recoveryCodes }
  return { rig: calmRig, racing: racingRig.instance(), other: racingRig.instance(), calm, ...rest }
}

function session (mark: string | null, tokens: readonly string[] = []): SessionCaller {
  return { identity: 'alice', session: { mark, began: START }, browser: { tokens } }
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

/** Brings this code with a request that takes one of its own. */
async function pay (
  instance: Instance, code: string, caller = session(null)
): Promise<Passage | string> {
  return await outcome(instance.judgeRequest(caller, { code, factorSid: undefined }))
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

promise('of payments and challenges with one code, on two instances, one has it', async (s, scene) => {
  const payments = [scene.racing, scene.other, scene.other].map(async instance =>
    await pay(instance, scene.code(0)))
  const challenges = [scene.racing, scene.other].map(async instance =>
    await outcome(instance.challenge(session(null), { code: scene.code(0) })))
  await s.waitFor(Promise.all([...payments, ...challenges]))
  const answers = [...await Promise.all(payments), ...await Promise.all(challenges)].map(codeOf)
  equal(answers.sort().join(), [...Array(4).fill('ERR_TOTP_CHALLENGE_DENIED'), 'ok'].join(), 'answers')
  const { approvals, attempts } = await entityOf(scene)
  const isChallenge = (await Promise.all(challenges)).some(answer => typeof answer !== 'string')
  equal(approvals.length, isChallenge ? 2 : 1, 'approvals, that of the owner among them')
  equal(attempts.tally, 4, 'wrong codes counted')
})

promise('of many wrong codes, in payments and challenges, no more are judged than lock', async (s, scene) => {
  const answers = Array.from({ length: 7 }, async (_, i) => i % 2 === 0
    ? await pay(scene.racing, scene.wrong)
    : await outcome(scene.other.challenge(session(null), { code: scene.wrong })))
  await s.waitFor(Promise.all(answers))
  const denied = (await Promise.all(answers)).filter(answer => answer === 'ERR_TOTP_CHALLENGE_DENIED')
  equal(denied.length, 5, 'judged')
  equal((await entityOf(scene)).attempts.failures, 5, 'counted')
})

promise('a payment whose session logs out meanwhile is made first, or spends nothing', async (s, scene) => {
  const payment = pay(scene.racing, scene.code(0), scene.owner)
  await s.waitFor(Promise.all([payment, scene.other.withdraw(scene.owner)]))
  const isFirst = firstWithStep(scene, 0) === 0
  equal(codeOf(await payment), isFirst ? 'ok' : 'ERR_TOTP_CODE_REQUIRED', 'payment')
  equal(firstWithStep(scene, 0), isFirst ? 0 : Infinity, 'write that spent the code')
  equal(await passes(scene, scene.owner.session.mark), 'ERR_TOTP_CHALLENGE_REQUIRED', 'passage')
})

promise('a payment keeps the approvals that others get or lose meanwhile', async (s, scene) => {
  const payment = pay(scene.racing, scene.code(0))
  const challenge = outcome(scene.other.challenge(session(null), { code: scene.code(1) }))
  await s.waitFor(Promise.all([payment, challenge, scene.other.withdraw(scene.owner)]))
  const answer = await challenge
  if (typeof answer === 'string') throw new Error(`the code was right: ${answer}`)
  equal(await passes(scene, answer.mark), 'ok', 'passage')
  equal(await passes(scene, scene.owner.session.mark), 'ERR_TOTP_CHALLENGE_REQUIRED', 'passage of the owner')
  equal(codeOf(await payment), firstWithStep(scene, 0) < firstWithStep(scene, 1) ? 'ok' : 'ERR_TOTP_CHALLENGE_DENIED', 'payment')
})

for (const kind of ['recovery code', 'pass'] as const) {
  promise(`one ${kind} in many sessions, on two instances, is approved once`, async (s, scene) => {
    const [first = ''] = scene.recoveryCodes
    const code = kind === 'pass' ? (await scene.calm.pass('alice', { by: 'Carol' })).code : first
    const answers = [scene.racing, scene.other, scene.racing, scene.other].map(async instance =>
      await outcome(instance.recover(session(null), code)))
    await s.waitFor(Promise.all(answers))
    const approved = (await Promise.all(answers)).flatMap(answer => typeof answer === 'string' ? [] : [answer])
    equal(approved.length, 1, 'approvals')
    equal((await entityOf(scene)).recoveryCodes.length, kind === 'pass' ? 10 : 9, 'codes left')
    equal(await passes(scene, approved[0]?.mark ?? null), 'ok', 'passage')
    equal(await passes(scene, scene.owner.session.mark), 'ERR_TOTP_CHALLENGE_REQUIRED', 'passage of the owner')
  })
}

promise('of two recovery codes at once, both are spent, and one session is approved', async (s, scene) => {
  const answers = scene.recoveryCodes.slice(0, 2).map(async code =>
    await outcome(scene.racing.recover(session(null), code)))
  await s.waitFor(Promise.all(answers))
  const marks = (await Promise.all(answers)).map(answer => typeof answer === 'string' ? null : answer.mark)
  const outcomes = await Promise.all(marks.map(async mark => await passes(scene, mark)))
  equal(outcomes.sort().join(), 'ERR_TOTP_CHALLENGE_REQUIRED,ok', 'passages')
  equal((await entityOf(scene)).recoveryCodes.length, 8, 'codes left')
})

promise('new recovery codes and an old one that is used meanwhile: one of the two is refused', async (s, scene) => {
  const [old = ''] = scene.recoveryCodes
  const recovery = outcome(scene.racing.recover(session(null), old))
  const creation = outcome(scene.other.newRecoveryCodes(scene.owner))
  await s.waitFor(Promise.all([recovery, creation]))
  const [recovered, created] = [await recovery, await creation]
  const isReplaced = typeof created !== 'string'
  equal(typeof recovered === 'string' ? recovered : 'ok', isReplaced ? 'ERR_TOTP_CHALLENGE_DENIED' : 'ok', 'recovery')
  if (!isReplaced) equal(created, 'ERR_TOTP_CHALLENGE_REQUIRED', 'creation')
  equal((await entityOf(scene)).recoveryCodes.length, isReplaced ? 10 : 9, 'codes left')
})

for (const kind of ['recovery code', 'pass'] as const) {
  promise(`after a revocation has answered, no ${kind} that came before it lets pass`, async (s, scene) => {
    const [first = ''] = scene.recoveryCodes
    const code = kind === 'pass' ? (await scene.calm.pass('alice', { by: 'Carol' })).code : first
    const { generation } = await entityOf(scene)
    const recovery = outcome(scene.racing.recover(session(null), code))
    await s.waitFor(Promise.all([recovery, scene.other.revoke('alice')]))
    const recovered = await recovery
    const mark = typeof recovered === 'string' ? null : recovered.mark
    // Each of the two raises the generation. A recovery code works after a revocation as before.
    const { approvals } = await entityOf(scene)
    const own = approvals.find(({ hash }) => hash === hashOf(mark ?? ''))
    const isLater = own?.generation === generation + 2
    if (kind === 'pass') equal(isLater, false, 'a pass that outlives the revocation')
    equal(await passes(scene, mark), isLater ? 'ok' : 'ERR_TOTP_CHALLENGE_REQUIRED', 'passage')
  })
}

promise('a recovery code whose session logs out meanwhile approves nothing', async (s, scene) => {
  const [first = ''] = scene.recoveryCodes
  const recovery = outcome(scene.racing.recover(scene.owner, first))
  const withdrawal = scene.other.withdraw(scene.owner)
  await s.waitFor(Promise.all([recovery, withdrawal]))
  const recovered = await recovery
  const given = typeof recovered === 'string' ? null : recovered.mark
  for (const mark of [scene.owner.session.mark, (await withdrawal).mark, given]) {
    equal(await passes(scene, mark), 'ERR_TOTP_CHALLENGE_REQUIRED', 'passage')
  }
})

promise('a lock that a stranger causes meanwhile never keeps the owner of a recovery code out', async (s, scene) => {
  const [first = ''] = scene.recoveryCodes
  const guesses = Array.from({ length: 6 }, async () =>
    await outcome(scene.other.challenge(session(null), { code: scene.wrong })))
  const recovery = outcome(scene.racing.recover(session(null), first))
  await s.waitFor(Promise.all([...guesses, recovery]))
  const recovered = await recovery
  equal(typeof recovered === 'string' ? recovered : await passes(scene, recovered.mark), 'ok', 'passage')
})

promise('a pass that is given out during a revocation works only if it came after it', async (s, scene) => {
  const { generation } = await entityOf(scene)
  const issuing = scene.racing.pass('alice', { by: 'Carol' })
  await s.waitFor(Promise.all([issuing, scene.other.revoke('alice')]))
  const issued = placeOf(scene.writes, entity => (entity?.pass ?? null) !== null)
  const isAfter = issued > firstOtherGeneration(scene, generation)
  const recovered = await outcome(scene.calm.recover(session(null), (await issuing).code))
  equal(typeof recovered === 'string' ? recovered : 'ok', isAfter ? 'ok' : 'ERR_TOTP_CHALLENGE_DENIED', 'recovery')
})

promise('a pass that is spent during a challenge works only before it', async (s, scene) => {
  const { code } = await scene.calm.pass('alice', { by: 'Carol' })
  const recovery = outcome(scene.racing.recover(session(null), code))
  const challenge = outcome(scene.other.challenge(session(null), { code: scene.code(0) }))
  await s.waitFor(Promise.all([recovery, challenge]))
  const [recovered, approved] = [await recovery, await challenge]
  if (typeof approved === 'string') throw new Error(`the code was right: ${approved}`)
  equal(await passes(scene, approved.mark), 'ok', 'passage by the code')
  const isFirst = scene.writes[0]?.pass === null && scene.writes.length === 2
  equal(typeof recovered === 'string' ? recovered : 'ok', isFirst ? 'ok' : 'ERR_TOTP_CHALLENGE_DENIED', 'recovery')
})

const PASS = 'an operator\'s pass'
/** Everything that voids remembered browsers. The owner does it, or an operator. */
const VOIDING: Readonly<Record<string, (scene: Scene, verifier: Verifier) => Promise<unknown>>> = {
  'a revocation': async (_scene, verifier) => await verifier.revoke('alice'),
  'a reset': async (_scene, verifier) => await verifier.reset('alice'),
  'a recovery': async ({ recoveryCodes }, verifier) =>
    await verifier.recover(session(null), recoveryCodes[0] ?? ''),
  'the removal of the factor': async ({ owner, sid }, verifier) => await verifier.remove(owner, sid),
  async 'the removal of another factor' ({ calm }, verifier) {
    const { factors } = await calm.factors({ identity: 'alice', operator: true })
    await verifier.remove({ identity: 'alice', operator: true }, factors[1]?.sid ?? '')
  },
  async [PASS] ({ calm }, verifier) {
    const { code } = await calm.pass('alice', { by: 'Carol' })
    await verifier.recover(session(null), code)
  }
}
/** Everything that ends the passage of the one browser that is remembered. */
const ENDING: typeof VOIDING = {
  ...VOIDING,
  async 'forgetting it' ({ owner, calm }, verifier) {
    const [{ sid } = { sid: '' }] = await calm.browsers(owner)
    await verifier.forgetBrowser(owner, sid)
  },
  'forgetting all browsers': async ({ owner }, verifier) => await verifier.forgetBrowsers(owner)
}

for (const [event, act] of Object.entries(ENDING)) {
  promise(`a guard that begins after ${event} refuses the browser, and no guard writes`, async (s, scene) => {
    await addFactor(scene)
    const tokens = await rememberEarly(scene)
    const passage = async (verifier: Verifier) => codeOf(await outcome(verifier.check(session(null, tokens))))
    const inTurn = async (verifier: Verifier) =>
      [await passage(verifier), await passage(verifier), await passage(verifier)]
    const guards = [inTurn(scene.racing), inTurn(scene.other)]
    const ending = act(scene, scene.other).then(async () =>
      await Promise.all([passage(scene.racing), passage(scene.other)]))
    await s.waitFor(Promise.all([...guards, ending]))
    for (const answers of await Promise.all(guards)) {
      const refused = answers.findIndex(answer => answer !== 'ok')
      if (refused >= 0) equal(answers.indexOf('ok', refused), -1, 'passage after a refusal')
    }
    equal((await ending).includes('ok'), false, 'passage after the end')
    equal(scene.writes.length, 1, 'writes')
  })
}

for (const [event, act] of Object.entries(VOIDING)) {
  promise(`${event} during a challenge that remembers: the browser passes only if it came later`, async (s, scene) => {
    await addFactor(scene)
    const early = await rememberEarly(scene)
    const { generation } = await entityOf(scene)
    const challenge = outcome(scene.racing.challenge(session(null), { code: scene.code(1), remember: true }))
    const voiding = outcome(act(scene, scene.other))
    await s.waitFor(Promise.all([challenge, voiding]))
    const answer = await challenge
    const [tokens, mark] = typeof answer === 'string' ? [null, null] : [answer.browserTokens, answer.mark]
    // A pass is void after an approval.
    const isRefused = event === PASS && await voiding === 'ERR_TOTP_CHALLENGE_DENIED'
    if (!isRefused) equal(codeOf(await voiding), 'ok', event)
    const isAfter = tokens !== null && firstWithStep(scene, 1) > firstOtherGeneration(scene, generation)
    equal(await passesBy(scene, early) === 'ok', isRefused, 'passage of the browser of before')
    equal(await passesBy(scene, tokens ?? []) === 'ok', isAfter || isRefused, 'passage of the new browser')
    equal(await passes(scene, mark) === 'ok', isAfter || isRefused, 'passage of its session')
  })
}

promise('forgetting all browsers during a challenge that remembers keeps only a later one', async (s, scene) => {
  const early = await rememberEarly(scene)
  const challenge = scene.racing.challenge(session(null), { code: scene.code(1), remember: true })
  await s.waitFor(Promise.all([challenge, scene.other.forgetBrowsers(scene.owner)]))
  const { browserTokens } = await challenge
  const lengths = scene.writes.map(entity => entity?.browsers.length)
  const isAfter = lengths[0] === 0
  equal(lengths.join(), isAfter ? '0,1' : '2,0', 'browsers after each write')
  equal(await passesBy(scene, early), 'ERR_TOTP_CHALLENGE_REQUIRED', 'passage of the browser of before')
  equal(await passesBy(scene, browserTokens ?? []), isAfter ? 'ok' : 'ERR_TOTP_CHALLENGE_REQUIRED', 'passage')
})

for (const name of ['its sid', 'current'] as const) {
  promise(`forgetting a browser by ${name} while it is remembered again ends its old token alone`, async (s, scene) => {
    const early = await rememberEarly(scene)
    const [{ sid } = { sid: '' }] = await scene.calm.browsers(scene.owner)
    const browser = session(null, early)
    const challenge = scene.racing.challenge(browser, { code: scene.code(1), remember: true })
    const forgetting = outcome(scene.other.forgetBrowser(browser, name === 'current' ? name : sid))
    await s.waitFor(Promise.all([challenge, forgetting]))
    const { browserTokens } = await challenge
    equal((await entityOf(scene)).browsers.length, 1, 'browsers')
    equal(await passesBy(scene, early), 'ERR_TOTP_CHALLENGE_REQUIRED', 'passage by the old token')
    equal(await passesBy(scene, browserTokens ?? []), 'ok', 'passage by the new token')
  })
}

promise('of many challenges with one code, on two instances, one remembers its browser', async (s, scene) => {
  const answers = [scene.racing, scene.other, scene.racing, scene.other].map(async instance =>
    await outcome(instance.challenge(session(null), { code: scene.code(0), remember: true })))
  await s.waitFor(Promise.all(answers))
  const approved = (await Promise.all(answers)).flatMap(answer => typeof answer === 'string' ? [] : [answer])
  equal(approved.length, 1, 'approvals')
  equal((await entityOf(scene)).browsers.length, 1, 'browsers')
  equal(await passesBy(scene, approved[0]?.browserTokens ?? []), 'ok', 'passage')
})

promise('a challenge whose session logs out meanwhile remembers no browser', async (s, scene) => {
  const challenge = outcome(scene.racing.challenge(scene.owner, { code: scene.code(0), remember: true }))
  await s.waitFor(Promise.all([challenge, scene.other.withdraw(scene.owner)]))
  const answer = await challenge
  equal(codeOf(answer), firstWithStep(scene, 0) === 0 ? 'ok' : 'ERR_TOTP_CHALLENGE_REQUIRED', 'challenge')
  equal((await entityOf(scene)).browsers.length, 0, 'browsers')
})

promise('a lock that a stranger causes meanwhile never keeps a remembered browser out', async (s, scene) => {
  const tokens = await rememberEarly(scene)
  const guesses = Array.from({ length: 6 }, async () =>
    await outcome(scene.other.challenge(session(null), { code: scene.wrong })))
  const guards = [scene.racing, scene.other].map(async instance =>
    await instance.check(session(null, tokens)))
  await s.waitFor(Promise.all([...guesses, ...guards]))
  equal(await passesBy(scene, tokens), 'ok', 'passage while it is locked')
  equal(await passes(scene, null), 'ERR_TOTP_LOCKED', 'passage of the stranger')
})

/** The tokens of a browser that was remembered before the race. */
async function rememberEarly ({ calm, code }: Scene): Promise<readonly string[]> {
  const { browserTokens } = await calm.challenge(session(null), { code: code(0), remember: true })
  return browserTokens ?? []
}

/** Another verified factor beside the one of the scene. */
async function addFactor ({ calm }: Scene): Promise<void> {
  const operator = { identity: 'alice', operator: true } as const
  const { factor, secret } = await calm.enroll(operator, { friendlyName: 'tablet' })
  const key = Buffer.from(base32nopad.decode(secret))
  await calm.verify(operator, factor.sid, referenceCode(key, START / 30))
}

/** The place of the first write that has spent this step; Infinity if there is none. */
function firstWithStep ({ writes }: Scene, steps: number): number {
  return placeOf(writes, entity => entity?.factors.some(factor =>
    factor.provider === 'embedded' && factor.lastStep === START / 30 + steps) === true)
}

/** The place of the first write that ended this generation; Infinity if there is none. */
function firstOtherGeneration ({ writes }: Scene, generation: number): number {
  return placeOf(writes, entity => entity?.generation !== generation)
}

function placeOf<T> (list: readonly T[], is: (each: T) => boolean): number {
  const place = list.findIndex(is)
  return place < 0 ? Infinity : place
}

/** 'ok', or the code of the refusal. */
function codeOf (answer: unknown): string {
  return typeof answer === 'string' ? answer : 'ok'
}

/** 'ok', or why a session without an approval doesn't pass with these tokens. */
async function passesBy ({ calm }: Scene, tokens: readonly string[]): Promise<string> {
  return codeOf(await outcome(calm.check(session(null, tokens))))
}

/** 'ok', or why the session with this mark doesn't pass. */
async function passes ({ calm }: Scene, mark: string | null): Promise<string> {
  return codeOf(await outcome(calm.check(session(mark))))
}
