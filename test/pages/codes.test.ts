import t from 'tap'
import { returnPathsUnder } from '../../src/http/return-path.js'
import { KEY } from '../site.js'
import { desk, type Browser, type Desk } from './desk.js'

async function formOf (browser: Browser): Promise<{ action: 'create', once: string }> {
  const { page } = await browser.get('/codes')
  return { action: 'create', once: page.kind === 'codes' ? page.once : '' }
}

async function remaining ({ verifier }: Desk): Promise<number | undefined> {
  return (await verifier.factors({ identity: 'alice', operator: true })).recovery?.remaining
}

t.test('one form creates and shows new codes, and sent again it does nothing', async t => {
  const pages = desk()
  const alice = pages.login('alice')
  const { recoveryCodes: [old = ''] } = await alice.enroll()
  t.match((await alice.get('/codes')).page, { kind: 'codes', remaining: 10 })
  const form = await formOf(alice)
  const first = await alice.post('/codes', form)
  t.match(first, { status: 200, headers: { 'cache-control': 'no-store' }, page: { kind: 'newCodes', isFirst: false, codes: { length: 10 } } })
  t.match(first.cookies, [/^totp-once=[\w-]{22}; Max-Age=86400; Path=\/totp; HttpOnly; Secure; SameSite=Strict$/])
  const { writes } = pages.store
  const again = await alice.post('/codes', form)
  t.match(again, { status: 303, location: '/totp/codes?done=codesTwice' })
  const planted = { cookie: `totp-once=planted; totp-once=${form.once}` }
  t.match(await alice.post('/codes', form, planted), { status: 303 }, 'a second cookie hides nothing')
  t.equal(pages.store.writes, writes)
  t.match(await alice.follow(again), { page: { kind: 'codes' }, setting: { notice: 'codesTwice' } })
  t.equal((await alice.post('/codes/check', { code: old })).status, 403, 'the old ones are void')

  const second = await formOf(alice)
  t.equal((await alice.post('/codes', second)).status, 200)
  t.equal((await alice.post('/codes', form)).location, '/totp/codes?done=codesTwice', 'the first form still')
  for (let count = 0; count < 10; count++) await alice.post('/codes', await formOf(alice))
  t.equal(alice.cookies.get('totp-once')?.split('.').length, 8)
})

t.test('without the text of a form nothing is created', async t => {
  const { login, store } = desk()
  const alice = login('alice')
  await alice.enroll()
  const { writes } = store
  for (const fields of [{ action: 'create' }, { action: 'create', once: '' }, { action: 'create', once: 'x;y=z' }]) {
    t.match(await alice.post('/codes', fields), { status: 400, page: { problem: 'malformed' } })
  }
  t.equal(store.writes, writes)
})

t.test('they take a fresh approval by an app', async t => {
  const { login, wait, store } = desk()
  const alice = login('alice')
  const { recoveryCodes: [code = ''], ...app } = await alice.enroll()
  const form = await formOf(alice)
  const recovered = login('alice')
  await recovered.post('/recover', { code })
  t.match((await recovered.get('/codes')).location, /^\/totp\/challenge\?return=\d+\.[\w-]{43}%2Ftotp%2Fcodes$/)
  await alice.challenge(app)
  wait(301)
  const { writes } = store
  t.match((await alice.get('/codes')).location, /^\/totp\/challenge\?return=/)
  t.match((await alice.post('/codes', form)).location, /^\/totp\/challenge\?return=/)
  t.match((await login('alice').get('/codes')).location, /^\/totp\/challenge\?return=/)
  t.equal((await login('bob').get('/codes')).location, '/totp/enroll')
  t.equal(store.writes, writes)
})

t.test('the check compares, and spends nothing', async t => {
  const pages = desk()
  const alice = pages.login('alice')
  const { recoveryCodes: [code = ''] } = await alice.enroll()
  const { writes } = pages.store
  for (const typed of [code, code.toLowerCase().replaceAll('-', ' ')]) {
    const kept = await alice.post('/codes/check', { code: typed })
    t.match(kept, { status: 303, location: '/totp/?done=kept' })
  }
  const back = returnPathsUnder([KEY]).sign({ path: '/vault', refusedAt: pages.now() }, 'alice') ?? ''
  t.equal((await alice.post('/codes/check', { code, return: back })).location, '/vault')
  const denied = await alice.post('/codes/check', { code: 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA', return: back })
  t.match(denied, { status: 403, page: { kind: 'check', problem: { is: 'denied' } }, setting: { returnTo: back } })
  t.match(await alice.post('/codes/check'), { status: 400, page: { kind: 'check', problem: { is: 'malformed' } } })
  t.equal(pages.store.writes, writes)
  t.equal(await remaining(pages), 10)
})

t.test('a check that comes late leads to the challenge, and from there to the check again', async t => {
  const { login, wait, now } = desk()
  const alice = login('alice')
  const { recoveryCodes: [code = ''], ...app } = await alice.enroll()
  wait(301)
  const late = await alice.post('/codes/check', { code })
  t.match(late, { status: 303, location: /^\/totp\/challenge\?return=/ })
  const { setting: { returnTo } } = await alice.follow(late)
  const back = await alice.post('/challenge', { code: app.code(now()), return: returnTo ?? '' })
  t.equal(back.location, '/totp/codes/check')
  t.match((await alice.follow(back)).page, { kind: 'check', problem: null })
  t.match((await login('bob').get('/codes/check')).location, '/totp/enroll')
})
