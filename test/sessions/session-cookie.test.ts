import type { FastifyReply, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { gate } from '../gate.js'
import { isOnFastify, site, type SiteOptions } from '../site.js'
import { untyped } from '../untyped.js'
import type { Response } from '../visitor.js'

/*
 * An approval gives the session a new id. Requests with the old one are under way meanwhile: a second click,
 * a page that polls, a slow answer. None of them may log the user out.
 */

declare module 'fastify' {
  interface Session { visits?: number }
}

/** Every setting of the session plugin that decides when it saves and sets cookies. */
const BOTH = [true, false]
const SETTINGS: ReadonlyArray<NonNullable<SiteOptions['session']>> = BOTH.flatMap(rolling =>
  BOTH.flatMap(saveUninitialized => [
    { rolling, saveUninitialized },
    { rolling, saveUninitialized, cookie: { secure: false, maxAge: 3_600_000 } },
    // Only express-session has this.
    ...isOnFastify() ? [] : [untyped({ rolling, saveUninitialized, resave: true })]
  ]))

for (const settings of SETTINGS) {
  t.test(`with ${JSON.stringify(settings)}`, async t => {
    t.test('whoever comes with the id from before an approval gets no cookie', async t => {
      const { user, code } = await enrolled(t, settings)
      const old = user.copy()
      t.equal((await user.challenge(code())).status, 200)

      for (const path of ['/public', '/count', '/broken', '/missing', '/vault', '/totp/factors']) {
        const answer = await old.get(path)
        noCookie(t, answer, path)
        t.not(answer.json().vault, 'gold')
      }
      noCookie(t, await old.challenge(code()), 'a second submission')
      t.equal((await user.vault()).status, 200)
    })

    t.test('an answer that was begun before an approval sets no cookie, and saves nothing', async t => {
      for (const path of ['/slow', '/slow/count', '/slow/broken']) {
        const { user, code, slow } = await enrolled(t, settings)
        const old = user.copy()
        const answer = old.get(path)
        await slow.reached.passed
        t.equal((await user.challenge(code())).status, 200)
        slow.opened.open()
        noCookie(t, await answer, path)
        t.equal((await user.vault()).status, 200)
        t.equal((await user.copy().get('/count')).json().visits, 1)
        t.equal((await old.get('/whoami')).json().identity, null, 'the old session stays gone')
      }
    })

    t.test('a first verification and an own route keep to it as well', async t => {
      const { app, now, login } = await visitedSite(t, settings)
      const user = await login('alice')
      const factor = await user.enroll()
      const old = user.copy()
      t.equal((await user.post(`/totp/factors/${factor.sid}/verify`, { code: factor.code(now()) })).status, 200)
      noCookie(t, await old.get('/count'), 'after a first verification')
      noCookie(t, await old.post(`/totp/factors/${factor.sid}/verify`, { code: factor.code(now()) }), 'again')
      t.equal((await user.vault()).status, 200)
      const before = user.copy()
      t.equal((await user.post('/own', { code: factor.code(now() + 30) })).status, 200)
      noCookie(t, await before.post('/own', { code: factor.code(now() + 30) }), 'a second submission of an own route')
      t.equal((await user.vault()).status, 200)
      await app.close()
    })
  })
}

t.test('other cookies of the answer stay', async t => {
  const { user, code, slow } = await enrolled(t, { rolling: true })
  const answer = user.copy().get('/slow/cookies')
  await slow.reached.passed
  t.equal((await user.challenge(code())).status, 200)
  slow.opened.open()
  t.same((await answer).headers['set-cookie'], ['theme=dark', 'lang=en'])
})

t.test('a login with an old cookie gets a new session all the same', async t => {
  const { user, code } = await enrolled(t, {})
  const old = user.copy()
  t.equal((await user.challenge(code())).status, 200)
  await old.post('/login', { username: 'bob' })
  t.equal((await old.get('/whoami')).json().identity, 'bob')
})

t.test('a slow request brings no session back after a logout', async t => {
  for (const path of ['/slow/count', '/slow/save']) {
    const { user, slow } = await enrolled(t, { rolling: true })
    const thief = user.copy()
    const answer = user.copy().get(path)
    await slow.reached.passed
    t.equal((await user.post('/logout')).status, 204)
    slow.opened.open()
    noCookie(t, await answer, path)
    t.equal((await thief.get('/whoami')).json().identity, null)
  }
})

t.test('a slow request doesn\'t take back the mark that another one wrote', async t => {
  const { visitor, slow, now } = await visitedSite(t, { rolling: true })
  const carol = visitor()
  await carol.post('/plain-login', { username: 'carol' })
  const answer = carol.copy().get('/slow/count')
  await slow.reached.passed
  const factor = await carol.enroll()
  slow.opened.open()
  t.equal((await answer).json().visits, 1)
  const verified = await carol.post(`/totp/factors/${factor.sid}/verify`, { code: factor.code(now()) })
  t.equal(verified.status, 200, 'the session still owns the factor that it enrolled')
})

t.test('a challenge that was begun before a logout approves nothing, however late it asks', async t => {
  for (const marked of [true, false]) {
    const { user, code, slow } = await enrolled(t, {}, marked)
    const thief = user.copy()
    const answer = user.copy().request('POST', '/totp/challenges', { code: code() }, { 'x-slow': 'yes' })
    await slow.reached.passed
    t.equal((await user.post('/plain-logout')).status, 204)
    slow.opened.open()
    const late = await answer
    t.equal(late.status, 401, marked ? 'a session with a mark' : 'a session without a mark')
    noCookie(t, late, 'a challenge')
    t.equal((await thief.get('/whoami')).json().identity, null)
  }
})

/** A site whose routes do with the session what those of hosts do. */
async function visitedSite (t: Test, session: NonNullable<SiteOptions['session']>) {
  const [reached, opened] = [gate(), gate()]
  const slow = {
    reached,
    opened,
    async pass () {
      reached.open()
      await opened.passed
    }
  }
  const built = await site(t, {
    session,
    beforePackage: async headers => { if (headers['x-slow'] !== undefined) await slow.pass() },
    routes (app) {
      app.get('/public', async () => ({ open: true }))
      app.get('/whoami', async request => ({ identity: request.session.userId ?? null }))
      app.get('/count', async request => {
        request.session.visits = (request.session.visits ?? 0) + 1
        return { visits: request.session.visits }
      })
      app.get('/broken', async () => { throw new Error('broken') })
      app.get<{ Params: { what: string } }>('/slow/:what', slowly)
      app.get('/slow', slowly)
      async function slowly (request: FastifyRequest, reply: FastifyReply) {
        await slow.pass()
        const { url, session } = request
        if (url.endsWith('count')) session.visits = (session.visits ?? 0) + 1
        if (url.endsWith('save')) await session.save()
        if (url.endsWith('broken')) throw new Error('broken')
        if (url.endsWith('cookies')) reply.header('set-cookie', ['theme=dark', 'lang=en'])
        return { visits: session.visits ?? 0 }
      }
      app.post<{ Body: { code: string } }>('/own', async (request, reply) => {
        const answer = await app.totp.challenge(await app.totp.caller(request), { code: request.body.code })
        await app.totp.keep(request, reply, answer.mark)
        return { status: answer.status }
      })
      app.post<{ Body: { username: string } }>('/plain-login', async request => {
        request.session.userId = request.body.username
        return {}
      })
      app.post('/plain-logout', async (request, reply) => {
        await request.session.destroy()
        return await reply.code(204).send()
      })
    }
  })
  return { ...built, slow }
}

/** Somebody who is logged in and has a factor, but no approval yet. */
async function enrolled (t: Test, session: NonNullable<SiteOptions['session']>, marked = true) {
  const built = await visitedSite(t, session)
  const factor = await (await built.login('alice')).enrollVerified(built.now())
  const user = built.visitor()
  await user.post(marked ? '/login' : '/plain-login', { username: 'alice' })
  return {
    ...built,
    user,
    /** A code that wasn't used yet. */
    code () {
      built.wait(30)
      return factor.code(built.now())
    }
  }
}

function noCookie (t: Test, answer: Response, message: string): void {
  t.equal(answer.headers['set-cookie'], undefined, message)
}
