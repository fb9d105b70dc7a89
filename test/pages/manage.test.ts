import t from 'tap'
import { START } from '../site.js'
import { desk } from './desk.js'

t.test('without an approval the page shows names alone', async t => {
  const { login, now } = desk({ totp: { remember: { for: 60 } } })
  const alice = login('alice')
  t.strictSame((await alice.get('/')).page, {
    kind: 'manage', apps: [], isApproved: false, canAdd: true, recoveryCodes: null, remembered: null, refusedName: null
  })
  await alice.enroll()
  t.match((await alice.get('/')).page, {
    apps: [{ name: 'alice', verifiedAt: now(), lastUsedAt: now() }], isApproved: true, recoveryCodes: 10, remembered: 0
  })
  t.match((await login('alice').get('/')).page, {
    apps: [{ name: 'alice', verifiedAt: null, lastUsedAt: null }], isApproved: false, recoveryCodes: null, remembered: null
  })
})

t.test('apps are renamed and removed', async t => {
  const { login } = desk()
  const alice = login('alice')
  await alice.enroll()
  const { page } = await alice.get('/')
  const sid = page.kind === 'manage' ? page.apps[0]?.sid ?? '' : ''
  const renamed = await alice.post('/', { action: 'rename', sid, friendlyName: 'Phone' })
  t.match(renamed, { status: 303, location: '/totp/?done=renamed' })
  t.match(await alice.follow(renamed), { page: { apps: [{ name: 'Phone' }] }, setting: { notice: 'renamed' } })
  for (const typed of ['', 'a:b', 'x'.repeat(65)]) {
    const refused = await alice.post('/', { action: 'rename', sid, friendlyName: typed })
    t.match(refused, { status: 400, page: { kind: 'manage', refusedName: { sid, typed } } })
  }
  t.equal((await alice.post('/', { action: 'rename', sid: 'YF0', friendlyName: 'Phone' })).location, '/totp/')
  t.equal((await alice.post('/', { action: 'remove' })).location, '/totp/')
  const { mark } = alice.session
  const removed = await alice.post('/', { action: 'removeLast', sid })
  t.match(removed, { status: 303, location: '/totp/?done=removed' })
  t.not(alice.session.mark, mark)
  t.match(await alice.follow(removed), { page: { apps: { length: 0 } }, setting: { notice: 'removed' } })
})

t.test('the last app is removed only by the form that says what is lost with it', async t => {
  const { login, wait } = desk()
  const alice = login('alice')
  await alice.enroll()
  wait(30)
  await alice.enroll('Tablet')
  const { page } = await alice.get('/')
  const [one = '', other = ''] = page.kind === 'manage' ? page.apps.map(({ sid }) => sid) : []
  t.equal((await alice.post('/', { action: 'remove', sid: one })).location, '/totp/?done=removed')
  t.equal((await alice.post('/', { action: 'remove', sid: other })).location, '/totp/', 'as if in an older tab')
  t.match((await alice.get('/')).page, { apps: [{ sid: other }] })
})

t.test('of two apps that are removed at once, one stays', async t => {
  const { login, wait } = desk()
  const alice = login('alice')
  await alice.enroll()
  wait(30)
  await alice.enroll('Tablet')
  const { page } = await alice.get('/')
  const sids = page.kind === 'manage' ? page.apps.map(({ sid }) => sid) : []
  t.equal(sids.length, 2)
  const answers = await Promise.all(sids.map(async sid => await alice.post('/', { action: 'remove', sid })))
  t.equal(answers.filter(({ location }) => location === '/totp/?done=removed').length, 1)
  t.match((await login('alice').get('/')).page, { apps: { length: 1 } })
})

t.test('a name that is refused is told where the app is, or not at all', async t => {
  const { login, wait } = desk()
  const alice = login('alice')
  await alice.enroll()
  const gone = await alice.post('/', { action: 'rename', sid: 'YF0', friendlyName: '' })
  t.match(gone, { status: 303, location: '/totp/' })
  wait(43_201)
  const late = await alice.post('/', { action: 'rename', sid: 'YF0', friendlyName: '' })
  t.match(late, { status: 303, location: /^\/totp\/challenge\?return=/ })
})

t.test('both take a fresh approval, and the challenge leads back here', async t => {
  const { login, wait, now } = desk()
  const alice = login('alice')
  const app = await alice.enroll()
  const { page } = await alice.get('/')
  const sid = page.kind === 'manage' ? page.apps[0]?.sid ?? '' : ''
  wait(301)
  for (const fields of [{ action: 'rename', sid, friendlyName: 'Phone' }, { action: 'removeLast', sid }]) {
    const refused = await alice.post('/', fields)
    t.match(refused, { status: 303, location: /^\/totp\/challenge\?return=/ })
    const { setting } = await alice.follow(refused)
    wait(30)
    const back = await alice.post('/challenge', { code: app.code(now()), return: setting.returnTo ?? '' })
    t.equal(back.location, '/totp/')
    wait(301)
  }
})

t.test('remembered browsers are listed and forgotten', async t => {
  const { login, wait, now } = desk({ totp: { remember: { for: 86_400 } } })
  const alice = login('alice')
  const app = await alice.enroll()
  const other = login('alice')
  for (const browser of [other, alice]) {
    wait(30)
    await browser.post('/challenge', { code: app.code(now()), remember: 'on' }, { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0' })
  }
  t.match((await alice.get('/')).page, { remembered: 2 })
  const { page } = await alice.get('/remembered')
  const latest = { name: 'Firefox on Linux', isCurrent: true, at: now(), expiresAt: now() + 86_400 }
  t.match(page, { kind: 'remembered', browsers: [latest, { isCurrent: false }] })
  const sid = page.kind === 'remembered' ? page.browsers[0]?.sid ?? '' : ''
  const forgotten = await alice.post('/remembered', { action: 'forget', sid })
  t.match(forgotten, { status: 303, location: '/totp/remembered?done=forgotten' })
  t.notOk(alice.cookies.has('__Host-totp-browser'))
  t.match(await alice.follow(forgotten), { page: { browsers: { length: 1 } }, setting: { notice: 'forgotten' } })
  const all = await alice.post('/remembered', { action: 'forgetAll' })
  t.match(all, { status: 303, location: '/totp/remembered?done=forgottenAll' })
  t.match(await alice.follow(all), { page: { browsers: [] }, setting: { notice: 'forgottenAll' } })
  t.equal((await alice.post('/remembered', { action: 'forget' })).location, '/totp/remembered?done=forgotten')
  t.match((await login('alice').get('/remembered')).location, /^\/totp\/challenge\?return=/)
  t.equal((await login('bob').get('/remembered')).location, '/totp/enroll')
  t.match(await desk().login('alice').get('/remembered'), { status: 404, page: { problem: 'notFound' } })
})

t.test('the challenge leads back to the page that asked for it, and that one to where its user came from', async t => {
  const { login, wait } = desk()
  const phone = await login('alice').enroll()
  wait(60)
  const alice = login('alice')
  const { setting: { returnTo } } = await alice.get('/')
  const answer = await alice.post(`/challenge?return=${encodeURIComponent(returnTo ?? '')}`, { code: phone.code(START + 60) })
  t.match(answer, { status: 303, location: '/totp/' })
  t.match(await alice.follow(answer), { page: { isApproved: true }, setting: { returnTo: null } })
})
