import crypto, { type BinaryLike, type BinaryToTextEncoding } from 'node:crypto'
import { TOTP } from 'otpauth'
import t from 'tap'
import { MAX_RECOVERY_CODES } from '../../src/entity/entity.js'
import type * as Rig from './rig.js'

const START = 1_800_000_000
const WRONG = 'AAAA-BBBB-CCCC-DDDD-EEEE-2222'

const calls: string[] = []
// From where the source of this test is.
const { rig, verifierOn } = await t.mockImport<typeof Rig>('../../build/test/verifier/rig.js', {
  'node:crypto': {
    ...crypto,
    hash (algorithm: string, data: BinaryLike, encoding: BinaryToTextEncoding) {
      calls.push(`hash ${algorithm}`)
      return crypto.hash(algorithm, data, encoding)
    },
    timingSafeEqual (one: NodeJS.ArrayBufferView, other: NodeJS.ArrayBufferView) {
      calls.push(`timingSafeEqual ${one.byteLength} ${other.byteLength}`)
      return crypto.timingSafeEqual(one, other)
    }
  }
})

/** Comparisons with as many recovery codes as an identity may have, and with the pass. */
const COMPARED = Array.from({ length: MAX_RECOVERY_CODES + 1 }, () => 'timingSafeEqual 43 43')
/** The code is hashed as a recovery code and as a pass. */
const denied = { outcome: 'ERR_TOTP_CHALLENGE_DENIED', calls: ['hash sha256', 'hash sha256', ...COMPARED] }

const callerWith = (mark: string | null, identity = 'alice') => ({ identity, session: { mark, began: START } })

/** Alice, with an app, and with as many recovery codes that aren't spent. */
async function aliceWith (unspent: number) {
  const made = rig(START)
  const verifier = made.instance()
  const begun = await verifier.enroll(callerWith(null), { account: null })
  const code = new TOTP({ secret: begun.secret }).generate({ timestamp: made.time * 1000 })
  const { recoveryCodes } = await verifier.verify(callerWith(begun.mark), begun.factor.sid, code)
  const codes = recoveryCodes ?? []
  for (const spent of codes.slice(unspent)) await verifier.recover(callerWith(null), spent)
  return { made, verifier, codes }
}

/** What a verifier answers to a code, and all that it hashes and compares until then. */
async function workOf (verifier: Rig.Instance, code: string, identity = 'alice') {
  calls.length = 0
  const outcome = await verifier.recover(callerWith(null, identity), code)
    .then(({ status }) => status, (error: unknown) => error instanceof Error && Reflect.get(error, 'code'))
  return { outcome, calls: calls.slice() }
}

t.test('judging a wrong recovery code takes the same work, whatever the identity has', async t => {
  for (const unspent of [10, 1, 0]) {
    const { made, verifier } = await aliceWith(unspent)
    const off = verifierOn({ store: made.store, clock: () => made.time, recoveryCodes: 0 })
    t.equal((await made.store.get('identity:alice'))?.recoveryCodes.length, unspent)
    for (const pass of ['no pass', 'a pass']) {
      if (pass === 'a pass') await verifier.pass('alice', { by: 'bob' })
      t.strictSame(await workOf(verifier, WRONG), denied, `${unspent} left, ${pass}`)
      t.strictSame(await workOf(off, WRONG), denied, `${unspent} left but turned off, ${pass}`)
    }
  }

  const verifier = rig(START).instance()
  t.strictSame(await workOf(verifier, WRONG, 'carol'), denied, 'nothing is kept about the identity')
  await verifier.enroll(callerWith(null, 'carol'), { account: null })
  t.strictSame(await workOf(verifier, WRONG, 'carol'), denied, 'the only factor is unverified')
})

t.test('a code that no longer works takes the same work as a wrong one', async t => {
  const { made, verifier, codes: [first = ''] } = await aliceWith(10)
  const off = verifierOn({ store: made.store, clock: () => made.time, recoveryCodes: 0 })
  t.strictSame(await workOf(off, first), denied, 'recovery codes are turned off')
  t.match(await workOf(verifier, first), { outcome: 'approved' })
  t.strictSame(await workOf(verifier, first), denied, 'a recovery code that was spent')
  const { code } = await verifier.pass('alice', { by: 'bob', for: 60 })
  made.time += 61
  t.strictSame(await workOf(verifier, code), denied, 'a pass that has expired')
})

t.test('a right recovery code is compared as often, wherever it stands', async t => {
  for (const place of [0, 9]) {
    const { verifier, codes } = await aliceWith(10)
    const { outcome, calls } = await workOf(verifier, codes[place] ?? '')
    t.equal(outcome, 'approved')
    t.strictSame(calls.filter(call => call.startsWith('timingSafeEqual')), COMPARED, `at place ${place}`)
  }
})
