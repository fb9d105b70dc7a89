import t from 'tap'
import { authenticator } from '../authenticator.js'
import { browserCookiesOf, challengeToRemember, rememberedAlice, rememberingSite } from '../remembering.js'
import { site } from '../site.js'

t.test('the cookie stands beside those of the host, its plugins and the session', async t => {
  const made = await rememberingSite(t, {
    host: app => {
      app.addHook('onRequest', async (_request, reply) => { reply.header('set-cookie', ['one=1', 'two=2']) })
      app.addHook('preHandler', async (_request, reply) => { reply.setCookie('three', '3') })
      app.addHook('onSend', async (_request, reply) => { reply.header('set-cookie', 'four=4') })
    }
  })
  const alice = await made.login('alice')
  const phone = await alice.enrollVerified(made.now())
  made.wait(30)
  const answer = await challengeToRemember(alice, phone, made.now())
  const names = [answer.headers['set-cookie']].flat().map(cookie => String(cookie).split('=')[0])
  t.same(names.sort(), ['__Host-totp-browser', 'four', 'one', 'sessionId', 'three', 'two'])
})

t.test('routes of the host do what the endpoints do', async t => {
  const made = await site(t, {
    totp: { remember: { for: 3600, insecure: true }, routes: false, name: 'admin' },
    routes: app => {
      app.post<{ Body: { code: string } }>('/second-step', async (request, reply) => {
        const caller = await app.totp.caller(request)
        const { code } = request.body
        const { mark, browserTokens } = await app.totp.challenge(caller, { code, remember: true })
        await app.totp.keep(request, reply, mark, browserTokens)
        return {}
      })
      app.get('/mine', async request => await app.totp.browsers(await app.totp.caller(request)))
      app.delete<{ Params: { sid: string } }>('/mine/:sid', async (request, reply) => {
        const caller = await app.totp.caller(request)
        const { browserTokens } = await app.totp.forgetBrowser(caller, request.params.sid)
        await app.totp.keep(request, reply, null, browserTokens)
      })
      app.delete('/mine', async (request, reply) => {
        const { browserTokens } = await app.totp.forgetBrowsers(await app.totp.caller(request))
        await app.totp.keep(request, reply, null, browserTokens)
      })
    }
  })
  const { app, login, now, wait } = made
  const operator = { identity: 'alice', operator: true } as const
  const { factor, secret } = await app.totp.enroll(operator, { account: 'alice' })
  const phone = authenticator(secret)
  await app.totp.verify(operator, factor.sid, phone.code(now()))
  const alice = await login('alice')
  for (const path of ['/mine', '/mine/sid']) {
    wait(30)
    t.match(await alice.post('/second-step', { code: phone.code(now()) }), { status: 200 })
    t.match(alice.cookies.get('admin-browser'), /^[\w-]{43}$/)
    const [{ sid }, another] = (await alice.get('/mine')).json()
    t.equal(another, undefined)
    t.match(await alice.delete(path.replace('sid', sid)), { status: 200 })
    t.equal(alice.cookies.has('admin-browser'), false)
  }
})

t.test('keep takes only tokens that a method returned', async t => {
  const made = await rememberingSite(t, {
    routes: app => {
      app.post<{ Body: { tokens: never } }>('/plant', async (request, reply) => {
        await app.totp.keep(request, reply, null, request.body.tokens)
        return {}
      })
    }
  })
  const { alice } = await rememberedAlice(made)
  for (const tokens of ['x', [1], ['x'], {}, ['x'.repeat(44)], [`${'x'.repeat(42)};`]]) {
    const answer = await alice.post('/plant', { tokens })
    t.match(answer, { status: 500 })
    t.same(browserCookiesOf(answer), [])
  }
})
