import t from 'tap'
import { returnPathsUnder } from '../../src/http/return-path.js'
import { KEY } from '../site.js'
import { desk } from './desk.js'

t.test('a recovery code lets in, also while challenges are disabled', async t => {
  const { login, wait, now } = desk({ totp: { attempts: { lockAfter: 1, disableAfter: 1 } } })
  const alice = login('alice')
  const app = await alice.enroll()
  wait(31)
  await alice.post('/challenge', { code: app.wrongCode(now()) })
  t.strictSame((await alice.get('/recover')).page, { kind: 'recover', hasRecoveryCodes: true, problem: null })
  const answer = await alice.post('/recover', { code: app.recoveryCodes[0] ?? '' })
  t.match(answer, { status: 303, location: '/totp/?done=recovered' })
  t.match(await alice.follow(answer), { page: { isApproved: true, recoveryCodes: 9 }, setting: { notice: 'recovered' } })
})

t.test('a site without recovery codes asks for a pass alone', async t => {
  const attempts = { lockAfter: 1, disableAfter: 1 }
  const { login, wait, now } = desk({ totp: { recoveryCodes: 0, attempts } })
  const alice = login('alice')
  const app = await alice.enroll()
  wait(31)
  t.match((await alice.get('/challenge')).page, { hasRecoveryCodes: false })
  const answer = await alice.post('/challenge', { code: app.wrongCode(now()) })
  t.match((await alice.follow(answer)).page, { hasRecoveryCodes: false, state: { is: 'disabled' } })
  t.match((await alice.get('/recover')).page, { kind: 'recover', hasRecoveryCodes: false })
})

t.test('it leads back to the page that a guard refused', async t => {
  const { login, wait, now } = desk()
  const alice = login('alice')
  const { recoveryCodes: [code = ''] } = await alice.enroll()
  wait(31)
  const back = returnPathsUnder([KEY]).sign({ path: '/vault', refusedAt: now() }, 'alice') ?? ''
  t.equal((await alice.get(`/recover?return=${encodeURIComponent(back)}`)).setting.returnTo, back)
  t.equal((await alice.post('/recover', { code, return: back })).location, '/vault')
})

t.test('wrong ones are told', async t => {
  const { login } = desk()
  const alice = login('alice')
  const wrong = { denied: 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA', malformed: '1' }
  for (const [problem, code] of Object.entries(wrong)) {
    const answer = await alice.post('/recover', { code })
    t.match(answer, { status: 303, location: `/totp/recover?problem=${problem}` })
    t.match((await alice.follow(answer)).page, { kind: 'recover', problem: { is: problem } })
  }
  t.equal((await alice.post('/recover')).location, '/totp/recover?problem=malformed')
})

t.test('an approval that was withdrawn meanwhile leads to the challenge', async t => {
  const { login, now, verifier } = desk()
  const alice = login('alice')
  const { recoveryCodes: [code = ''] } = await alice.enroll()
  await verifier.withdraw({ identity: 'alice', session: { mark: String(alice.session.mark), began: now() } })
  t.match((await alice.post('/recover', { code })).location, /^\/totp\/challenge\?return=\d+\.[\w-]{43}%2Ftotp%2Frecover$/)
})
