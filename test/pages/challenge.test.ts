import t from 'tap'
import twilio from 'twilio'
import { StoreError } from '../../src/errors.js'
import { returnPathsUnder } from '../../src/http/return-path.js'
import { memoryStore, twilioProvider } from '../../src/index.js'
import { fakeTwilio, testClock } from '../../src/testing.js'
import { authenticator } from '../authenticator.js'
import { KEY, START } from '../site.js'
import { desk } from './desk.js'

const OPERATOR = { identity: 'alice', operator: true } as const

/** A way back that a guard signed. */
function signed (path: string, refusedAt: number, identity = 'alice'): string {
  return returnPathsUnder([KEY]).sign({ path, refusedAt }, identity) ?? ''
}

t.test('a right code leads back to the page that a guard refused, else home', async t => {
  const { login, wait, now } = desk({ totp: { pages: { brand: { name: 'Acme' }, home: '/account?tab=1' } } })
  const alice = login('alice')
  const app = await alice.enroll()
  wait(31)
  const back = signed('/vault?page=2', now())
  const { page, setting } = await alice.get(`/challenge?return=${encodeURIComponent(back)}`)
  t.strictSame(page, {
    kind: 'challenge',
    choices: [],
    codeLengths: [6],
    remember: null,
    hasRecoveryCodes: true,
    state: { is: 'open' },
    problem: null
  })
  t.equal(setting.returnTo, back)
  const answer = await alice.post('/challenge', { code: app.code(now()), return: back })
  t.match(answer, { status: 303, location: '/vault?page=2' })
  t.equal((await alice.challenge(app)).location, '/account?tab=1')
  wait(30)
  const inQuery = await alice.post(`/challenge?return=${encodeURIComponent(back)}`, { code: app.code(now()) })
  t.equal(inQuery.location, '/vault?page=2')
})

t.test('no other way back counts', async t => {
  const { login, wait, now } = desk()
  const alice = login('alice')
  const app = await alice.enroll()
  const back = signed('/vault', now())
  const wrong = [
    '/vault', 'https://evil.example/', '//evil.example', back.replace('/vault', '//evil.example'),
    back.replace('/vault', '/other'), signed('/vault', now(), 'bob'), back.replace(/^\d+/, '1'), ''
  ]
  for (const text of wrong) {
    wait(31)
    const { page, setting } = await alice.get(`/challenge?return=${encodeURIComponent(text)}`)
    t.equal(page.kind, 'challenge')
    t.equal(setting.returnTo, null, text)
    t.equal((await alice.post('/challenge', { code: app.code(now()), return: text })).location, '/', text)
  }
})

t.test('of a double submission the second answer leads on as the first one', async t => {
  const { login, wait, now } = desk()
  const alice = login('alice')
  const app = await alice.enroll()
  for (const back of [signed('/vault', now()), null]) {
    wait(31)
    const form = { code: app.code(now()), ...back === null ? {} : { return: back } }
    const second = alice.copy()
    const target = back === null ? '/' : '/vault'
    t.equal((await alice.post('/challenge', form)).location, target)
    const denied = await second.post('/challenge', form)
    t.match(denied, { status: 303, location: /^\/totp\/challenge\?problem=denied/ })
    t.equal(second.session.mark === alice.session.mark, false)
    t.match(await alice.follow(denied), { status: 303, location: target }, 'with the new cookie')
    wait(31)
    t.match((await alice.follow(denied)).page, { kind: 'challenge', problem: { is: 'denied' } }, 'half a minute later')
  }
})

t.test('whatever a guard refuses after an approval, the page shows its form: no circle', async t => {
  const { login, wait, now } = desk()
  const alice = login('alice')
  await alice.enroll()
  wait(1)
  const refusedAfter = signed('/vault', now())
  t.equal((await alice.get(`/challenge?return=${encodeURIComponent(refusedAfter)}`)).page.kind, 'challenge')
  t.equal((await alice.get('/challenge')).page.kind, 'challenge')
  const [after, before] = [refusedAfter, signed('/vault', now() - 2)].map(encodeURIComponent)
  t.equal((await alice.get(`/challenge?return=${before}`)).page.kind, 'challenge', 'a guard never says a problem')
  t.equal((await alice.get(`/challenge?problem=denied&return=${after}`)).page.kind, 'challenge')
  t.equal((await alice.get(`/challenge?problem=denied&return=${before}`)).location, '/vault')
})

t.test('an approval by a recovery code is none by an app', async t => {
  const { login, wait, now } = desk()
  const alice = login('alice')
  const { recoveryCodes } = await alice.enroll()
  const back = signed('/vault', now() - 1)
  wait(31)
  await alice.post('/recover', { code: recoveryCodes[0] ?? '' })
  t.equal((await alice.get(`/challenge?problem=denied&return=${encodeURIComponent(back)}`)).page.kind, 'challenge')
})

t.test('wrong codes are told, and a lock is shown with its seconds', async t => {
  const { login, wait, now } = desk()
  const alice = login('alice')
  const app = await alice.enroll()
  wait(31)
  const back = signed('/vault', now())
  const form = { return: back }
  const more = `&return=${encodeURIComponent(back)}`
  t.equal((await alice.post('/challenge', { ...form, code: '1' })).location, `/totp/challenge?problem=malformed${more}`)
  t.equal((await alice.post('/challenge', { ...form })).location, `/totp/challenge?problem=malformed${more}`)
  const nowhere = { ...form, code: app.code(now()), factorSid: 'YF0' }
  t.equal((await alice.post('/challenge', nowhere)).location, `/totp/challenge?problem=malformed${more}`)
  for (let count = 0; count < 5; count++) {
    const answer = await alice.post('/challenge', { ...form, code: app.wrongCode(now()) })
    t.equal(answer.location, `/totp/challenge?problem=denied${more}`)
    const { page } = await alice.follow(answer)
    const shown = count < 4
      ? { state: { is: 'open' }, problem: { is: 'denied' } }
      : { state: { is: 'locked', seconds: 30 }, problem: null }
    t.match(page, { kind: 'challenge', ...shown }, `after ${count + 1} wrong codes`)
  }
  const locked = await alice.post('/challenge', { ...form, code: app.code(now()) })
  t.match(locked, { status: 303, location: `/totp/challenge?return=${encodeURIComponent(back)}` })
  wait(10)
  t.match((await alice.follow(locked)).page, { kind: 'challenge', state: { is: 'locked', seconds: 20 }, problem: null })
})

t.test('the disabled state is shown', async t => {
  const { login, wait, now } = desk({ totp: { attempts: { lockAfter: 1, disableAfter: 1 } } })
  const alice = login('alice')
  const app = await alice.enroll()
  wait(31)
  await alice.post('/challenge', { code: app.wrongCode(now()) })
  const answer = await alice.post('/challenge', { code: app.code(now()) })
  t.equal(answer.location, '/totp/challenge')
  t.match((await alice.follow(answer)).page, { state: { is: 'disabled' } })
})

t.test('without an app it leads to the enrollment, with the way back', async t => {
  const { login, now } = desk()
  const alice = login('alice')
  const back = signed('/vault', now())
  const answer = await alice.get(`/challenge?return=${encodeURIComponent(back)}`)
  t.match(answer, { status: 303, location: `/totp/enroll?return=${encodeURIComponent(back)}` })
  t.equal((await alice.post('/challenge', { code: '123456' })).location, '/totp/enroll')
})

t.test('a browser is remembered if the user wants it', async t => {
  const { login, wait, now, verifier } = desk({ totp: { remember: { for: 86_400 } } })
  const alice = login('alice')
  const app = await alice.enroll()
  wait(31)
  t.match((await alice.get('/challenge')).page, { remember: 86_400 })
  t.match(await alice.post('/challenge', { code: app.code(now()), remember: 'yes' }), { location: '/totp/challenge?problem=malformed' })
  const answer = await alice.post('/challenge', { code: app.code(now()), remember: 'on' })
  t.match(answer, { status: 303, location: '/' })
  t.match(answer.cookies.join(), /__Host-totp-browser=/)
  t.equal((await verifier.browsers(OPERATOR)).length, 1)
  const off = desk()
  const bob = off.login('bob')
  const his = await bob.enroll()
  off.wait(31)
  t.match(await bob.post('/challenge', { code: his.code(off.now()), remember: 'on' }), { location: '/totp/challenge?problem=malformed' })
})

t.test('an approval that was withdrawn meanwhile leads to the form again', async t => {
  const { login, wait, now, verifier } = desk()
  const alice = login('alice')
  const app = await alice.enroll()
  wait(31)
  await verifier.withdraw({ identity: 'alice', session: { mark: String(alice.session.mark), began: now() } })
  t.equal((await alice.post('/challenge', { code: app.code(now()) })).location, '/totp/challenge')
})

t.test('the app is asked for where its code doesn\'t tell it', async t => {
  const clock = testClock(START)
  const provider = twilioProvider(await fakeTwilio({ twilio, clock }))
  const { login, verifier } = desk({ totp: { provider, clock } })
  const alice = login('alice')
  const phone = await alice.enroll('Phone')
  t.match((await alice.get('/challenge')).page, { choices: { length: 0 } })
  await alice.enroll('Tablet')
  const { factors } = await verifier.factors(OPERATOR)
  const choices = factors.map(({ sid, friendlyName: name }) => ({ sid, name }))
  t.match((await alice.get('/challenge')).page, { choices })
  t.equal(choices.length, 2)
  clock.advance(30)
  const code = phone.code(clock())
  t.equal((await alice.post('/challenge', { code })).location, '/totp/challenge?problem=malformed')
  const factorSid = choices.find(({ name }) => name === 'Phone')?.sid ?? ''
  t.equal((await alice.post('/challenge', { code, factorSid })).location, '/')
})

t.test('so is it while a former provider may have some', async t => {
  const { login } = desk({ totp: { formerProviders: [twilioProvider(await fakeTwilio({ twilio }))] } })
  const alice = login('alice')
  await alice.enroll('Phone')
  await alice.enroll('Tablet')
  t.match((await alice.get('/challenge')).page, { choices: { length: 2 } })
})

t.test('a user of a former provider enrolls again, and comes back', async t => {
  const clock = testClock(START)
  const store = memoryStore()
  const provider = twilioProvider(await fakeTwilio({ twilio, clock }))
  const former = desk({ totp: { provider, clock, store } })
  const app = await former.login('alice').enroll('Phone')
  clock.advance(30)
  const options = { formerProviders: [provider], reenroll: true, maxFactors: 1, clock, store }
  const alice = desk({ totp: options }).login('alice')
  const back = signed('/vault', clock())
  const answer = await alice.post('/challenge', { code: app.code(clock()), return: back })
  t.equal(answer.location, `/totp/enroll?return=${encodeURIComponent(back)}`)
  t.match((await alice.get('/')).page, { kind: 'manage', canAdd: true, apps: { length: 1 } })
  await alice.post('/enroll', { action: 'begin' })
  const { page } = await alice.get('/enroll')
  const { code } = authenticator(page.kind === 'scan' ? page.secret : '')
  const verified = await alice.post('/enroll', { action: 'verify', code: code(clock()), return: back })
  t.equal(verified.location, '/vault')
})

t.test('a store that fails meanwhile is a fault', async t => {
  const { login, verifier } = desk()
  const alice = login('alice')
  await alice.enroll()
  verifier.check = async () => { throw new StoreError(new Error('down')) }
  t.match(await alice.get('/challenge'), { status: 503, page: { problem: 'unavailable' } })
})

t.test('a way back that has one in it keeps it, unless it gets too long', async t => {
  const { login, wait, now } = desk()
  const alice = login('alice')
  const app = await alice.enroll()
  for (const [path, isKept] of [['/vault', true], [`/${'x'.repeat(2990)}`, false]] as const) {
    wait(301)
    const back = signed(path, now())
    const answer = await alice.post('/enroll', { action: 'begin', return: back })
    const { setting } = await alice.follow(answer)
    const target = isKept ? `/totp/enroll?return=${encodeURIComponent(back)}` : '/totp/enroll'
    t.equal((await alice.post('/challenge', { code: app.code(now()), return: setting.returnTo ?? '' })).location, target)
  }
  const far = `/${'x'.repeat(3100)}`
  const deep = desk({ at: far })
  const bob = deep.login('bob')
  await bob.enroll()
  deep.wait(301)
  t.equal((await bob.post('/enroll', { action: 'begin' })).location, `${far}/challenge`)
})
