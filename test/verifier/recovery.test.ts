import { TOTP } from 'otpauth'
import t from 'tap'
import { rig, verifierOn } from './rig.js'

const START = 1_800_000_000

/** Alice, with an app and recovery codes. */
async function enrolled () {
  const made = rig(START)
  const verifier = made.instance()
  const callerWith = (mark: string | null) => ({ identity: 'alice', session: { mark, began: made.time } })
  const begun = await verifier.enroll(callerWith(null), { account: null })
  const app = new TOTP({ secret: begun.secret })
  const codeNow = () => app.generate({ timestamp: made.time * 1000 })
  const { mark, recoveryCodes } = await verifier.verify(callerWith(begun.mark), begun.factor.sid, codeNow())
  const [first = '', second = ''] = recoveryCodes ?? []
  return { made, verifier, callerWith, codeNow, mark, first, second }
}

/** What a check that has to be refused is refused with. */
async function refusalOf (checking: Promise<boolean>): Promise<unknown> {
  return await checking.catch((error: unknown) => error)
}

t.test('a check that the user kept the codes spends none of them', async t => {
  const { made, verifier, callerWith, mark, first, second } = await enrolled()
  const before = await made.store.get('identity:alice')
  t.equal(await verifier.keptRecoveryCode(callerWith(mark), first.toLowerCase().replaceAll('-', ' ')), true)
  t.equal(await verifier.keptRecoveryCode(callerWith(mark), first), true)
  t.equal(await verifier.keptRecoveryCode(callerWith(mark), 'AAAA-BBBB-CCCC-DDDD-EEEE-2222'), false)
  t.match(await refusalOf(verifier.keptRecoveryCode(callerWith(mark), '123456')), { code: 'FST_ERR_VALIDATION' })
  t.same(await made.store.get('identity:alice'), before, 'nothing was written')
  t.match(await verifier.recover(callerWith(null), first), { status: 'approved' })
  const { mark: next } = await verifier.recover(callerWith(null), second)
  t.match(await refusalOf(verifier.keptRecoveryCode(callerWith(next), first)),
    { code: 'ERR_TOTP_CHALLENGE_REQUIRED' }, 'an approval by a recovery code is not enough')
})

t.test('the check takes a fresh approval by an app', async t => {
  const { made, verifier, callerWith, codeNow, mark, first } = await enrolled()
  const required = { code: 'ERR_TOTP_CHALLENGE_REQUIRED' }
  const notEnrolled = { code: 'ERR_TOTP_NOT_ENROLLED' }
  t.match(await refusalOf(verifier.keptRecoveryCode(callerWith(null), first)), required)
  made.time += 301
  t.match(await refusalOf(verifier.keptRecoveryCode(callerWith(mark), first)), required)
  const { mark: fresh } = await verifier.challenge(callerWith(mark), { code: codeNow() })
  t.equal(await verifier.keptRecoveryCode(callerWith(fresh), first), true)
  const bob = { identity: 'bob', session: { mark: null, began: made.time } }
  t.match(await refusalOf(verifier.keptRecoveryCode(bob, first)), notEnrolled)
  await verifier.reset('alice')
  t.match(await refusalOf(verifier.keptRecoveryCode(callerWith(fresh), first)), notEnrolled)
})

t.test('where recovery codes are turned off, none is kept', async t => {
  const { made, callerWith, mark, first } = await enrolled()
  const without = verifierOn({ store: made.store, clock: () => made.time, recoveryCodes: 0 })
  t.equal(await without.keptRecoveryCode(callerWith(mark), first), false)
})
