import t from 'tap'
import { sidOf } from './hostile.js'
import { arrived, enrolledThere, FIRST, hold, kept, RIGHT, there, verifyThere, WRONG } from './there.js'

const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }
const PASSES = { status: 200 }

t.test('recovery codes and passes are judged here: Twilio is not asked', async t => {
  const { app, server, login } = await there(t)
  const alice = await login('alice')
  const { sid } = await alice.enroll()
  const { recoveryCodes }: { recoveryCodes: string[] } = (await verifyThere(alice, sid)).json()
  t.equal(recoveryCodes.length, 10)
  const { code: pass } = await app.totp.pass('alice', { by: 'Carol' })
  const asked = server.asked('create').length + server.asked('verify').length
  const back = await login('alice')
  for (const code of [pass, recoveryCodes[3]]) t.match(await back.recover(code), PASSES)
  t.match(await back.recover(recoveryCodes[3]), DENIED)
  t.match(await back.vault(), PASSES)
  t.equal(server.asked('create').length + server.asked('verify').length, asked)
})

t.test('an adopted factor brings no codes; the first ones take a fresh approval', async t => {
  const { app, server, login, store } = await there(t)
  const [twilioFactorSid, twilioIdentity] = [sidOf('YF'), 'alice-at-twilio']
  const config = { alg: 'sha1', code_length: 6, time_step: 30, skew: 1 }
  server.factors.set(twilioFactorSid, {
    friendlyName: 'phone', status: 'verified', config, dateCreated: '2020-01-02T03:04:05Z', identity: twilioIdentity
  })
  await app.totp.adopt({ identity: 'alice', twilioIdentity, twilioFactorSid })
  t.same((await kept(store)).recoveryCodes, [])
  const alice = await login('alice')
  t.match(await alice.post('/totp/recovery-codes'), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await alice.challenge(RIGHT), PASSES)
  const { recoveryCodes } = (await alice.post('/totp/recovery-codes')).json()
  t.match((await (await login('alice')).recover(recoveryCodes[0])).json(), { remaining: 9 })
})

t.test('attempts that Twilio is judging stay reserved through a recovery, and count after it', async t => {
  const { server, login, store } = await there(t)
  const alice = await login('alice')
  const { sid } = await alice.enroll()
  const { recoveryCodes }: { recoveryCodes: string[] } = (await verifyThere(alice, sid)).json()
  const held = hold(server, 'create')
  const stranger = await login('alice')
  const guess = stranger.challenge(WRONG)
  await arrived(server, 'create', 1)
  t.equal((await kept(store)).attempts.pending.length, 1)
  const back = await login('alice')
  t.match(await back.recover(recoveryCodes[0]), PASSES)
  t.equal((await kept(store)).attempts.pending.length, 1)
  held.open()
  t.match(await guess, { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }, 'it began before the recovery')
  t.match((await kept(store)).attempts, { pending: { length: 0 }, failures: 1, tally: 1 })
  t.match(await back.vault(), PASSES)
})

t.test('a lost factor is removed at Twilio in the visit of the recovery', async t => {
  const { server, login } = await there(t)
  const alice = await login('alice')
  const { sid: lost } = await alice.enroll()
  const { recoveryCodes }: { recoveryCodes: string[] } = (await verifyThere(alice, lost)).json()
  const tablet = await enrolledThere(alice)
  const back = await login('alice')
  t.match(await back.recover(recoveryCodes[0]), PASSES)
  t.match(await back.delete(`/totp/factors/${lost}`), { status: 204 })
  t.match(await back.vault(), PASSES)
  t.match((await back.get('/totp/factors')).json(), { factors: [{ sid: tablet }], recovery: { remaining: 9 } })
  t.equal(server.factors.size, 1)
  t.match(await back.challenge(FIRST), DENIED)
})
