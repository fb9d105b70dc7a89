import cookie from '@fastify/cookie'
import session, { type FastifySessionOptions } from '@fastify/session'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { newMark } from '../../src/entity/mark.js'
import { fastifySession } from '../../src/sessions/fastify-session.js'
import { deadlines } from '../deadlines.js'
import { gate } from '../gate.js'
import { visitor } from '../visitor.js'

const [MARK, NEXT] = [newMark(), newMark()]

t.test('a session without an approval has no mark', async t => {
  const guest = visitor(await server(t))
  t.match((await guest.get('/read')).json(), { mark: null })
})

t.test('a mark is kept in the session', async t => {
  const guest = visitor(await server(t))
  await guest.post('/cart')
  await guest.post(`/write/${MARK}`)
  t.match((await guest.get('/read')).json(), { mark: MARK, cart: 'full' })
  await guest.post(`/write/${NEXT}`)
  t.match((await guest.get('/read')).json(), { mark: NEXT, cart: 'full' })
})

t.test('rotation gives the session a new id, keeps its content, and ends the old id', async t => {
  const guest = visitor(await server(t))
  await guest.post('/cart')
  const before = (await guest.get('/read')).json()
  const thief = guest.copy()
  t.equal((await guest.post(`/rotate/${MARK}`)).status, 200)
  const after = (await guest.get('/read')).json()
  t.not(after.id, before.id)
  t.match(after, { mark: MARK, cart: 'full', odd: { nested: [1] } })
  const stolen = (await thief.get('/read')).json()
  t.equal(stolen.mark, null)
  t.equal(stolen.cart, undefined)
})

t.test('a store that keeps no session without an entry of its own loses the old id all the same', async t => {
  for (const fails of [false, true]) {
    const kept = new Map<string, string>()
    const app = await server(t, {
      store: {
        get: (id, done) => done(null, JSON.parse(kept.get(id) ?? 'null')),
        set (id, session, done) {
          const text = JSON.stringify(session)
          if (text.includes('cart')) kept.set(id, text)
          done(text.includes('cart') || !fails ? undefined : new Error('there is no cart'))
        },
        destroy (id, done) {
          kept.delete(id)
          done()
        }
      }
    })
    const guest = visitor(app)
    await guest.post('/cart')
    const thief = guest.copy()
    t.equal((await guest.post(`/rotate/${MARK}`)).status, 200)
    t.match((await guest.get('/read')).json(), { mark: MARK, cart: 'full' })
    t.equal((await thief.get('/read')).json().cart, undefined)
  }
})

t.test('a rotated session can be loaded, saved and ended as before', async t => {
  const app = await server(t)
  app.post('/rotate-and-go-on', async (request, reply) => {
    await fastifySession.write(request, reply, MARK, true)
    await request.session.reload()
    const mark = fastifySession.read(request)
    request.session.cart = 'empty'
    await request.session.save()
    await request.session.reload()
    const { cart } = request.session
    await request.session.destroy()
    return { mark, cart }
  })
  const guest = visitor(app)
  await guest.post('/cart')
  t.same((await guest.post('/rotate-and-go-on')).json(), { mark: MARK, cart: 'empty' })
  t.equal((await guest.get('/read')).json().cart, undefined)
})

t.test('two instances of the package keep their marks in one session', async t => {
  const other = fastifySession.withEntry('otherMark')
  const app = await server(t, { saveUninitialized: true })
  app.addHook('onRequest', async request => { other.hooks?.onRequest(request) })
  app.addHook('onSend', async (request, reply) => { other.hooks?.onSend(request, reply) })
  app.post('/other/:act', async (request, reply) => {
    await other.write(request, reply, MARK, request.url.endsWith('rotate'))
    return {}
  })
  app.get('/other', async request => ({ mark: other.read(request) ?? null }))
  const guest = visitor(app)
  await guest.post('/cart')
  for (const path of ['/other/write', `/write/${NEXT}`, `/rotate/${NEXT}`, '/other/rotate', '/cart']) {
    t.equal((await guest.post(path)).status, 200, path)
  }
  t.same((await guest.get('/other')).json(), { mark: MARK })
  t.match((await guest.get('/read')).json(), { mark: NEXT, cart: 'full' })
})

t.test('a session whose store never answered once can be saved and ended later', async t => {
  const { pass } = deadlines(t)
  const kept = new Map<string, string>()
  let hangs = false
  const hung = gate()
  const app = await server(t, {
    store: {
      get (id, done) {
        if (hangs) hung.open()
        else done(null, JSON.parse(kept.get(id) ?? 'null'))
      },
      set (id, session, done) {
        kept.set(id, JSON.stringify(session))
        done()
      },
      destroy (id, done) {
        kept.delete(id)
        done()
      }
    }
  })
  app.post('/hang', async (request, reply) => {
    hangs = true
    const writing = Promise.resolve(fastifySession.write(request, reply, MARK, false))
    await hung.passed
    hangs = false
    pass()
    await t.rejects(writing, { message: 'no answer within 5 s' })
    return {}
  })
  app.post('/end', async request => {
    await request.session.destroy()
    return {}
  })
  const guest = visitor(app)
  await guest.post('/cart')
  t.equal((await guest.post('/hang')).status, 200)
  t.equal((await guest.post(`/write/${MARK}`)).status, 200)
  t.equal((await guest.post('/end')).status, 200)
  t.equal(kept.size, 0)
})

t.test('requests without a session of the plugin are left alone', async t => {
  const { onRequest, onSend } = fastifySession.hooks
  const reply = { getHeader: () => t.fail('read'), removeHeader: () => t.fail(), header: () => t.fail('set') }
  const other = { session: { get: () => MARK, set: () => {} } }
  for (const request of [{}, { session: null }, other]) {
    onRequest(request)
    onSend(request, reply)
  }
  t.same(Object.keys(other.session), ['get', 'set'])
})

t.test('without rotation the id stays', async t => {
  const guest = visitor(await server(t))
  await guest.post('/cart')
  const before = (await guest.get('/read')).json()
  await guest.post(`/write/${MARK}`)
  t.equal((await guest.get('/read')).json().id, before.id)
})

t.test('a mark is kept before the request is answered', async t => {
  const kept: string[] = []
  const store = storeOf(async (_id, value) => { kept.push(JSON.stringify(value)) })
  const app = await server(t, { store })
  app.post('/slow', async (request, reply) => {
    await fastifySession.write(request, reply, MARK, false)
    return { kept: kept.some(text => text.includes(MARK)) }
  })
  t.same((await visitor(app).post('/slow')).json(), { kept: true })
})

t.test('a session store that fails is a rejection, and the session isn\'t saved again with the answer', async t => {
  for (const url of [`/write/${MARK}`, `/rotate/${MARK}`]) {
    let saves = 0
    const app = await server(t, {
      store: storeOf(async () => {
        saves++
        throw new Error('session store lost')
      })
    })
    const response = await visitor(app).post(url)
    t.match(response.json(), { message: 'session store lost' })
    t.equal(response.status, 500)
    t.equal(response.headers['set-cookie'], undefined)
    t.equal(saves, url.includes('rotate') ? 2 : 1, 'a rotation writes the note and the new session')
  }
})

t.test('a request that is slower than the log-out of its session doesn\'t bring it back', async t => {
  for (const rotate of [false, true]) {
    const app = await server(t)
    app.post('/slow', async (request, reply) => {
      await new Promise<void>((resolve, reject) => {
        request.sessionStore.destroy(request.session.sessionId, error => error ? reject(error) : resolve())
      })
      await fastifySession.write(request, reply, NEXT, rotate)
      return {}
    })
    const guest = visitor(app)
    await guest.post(`/write/${MARK}`)
    const response = await guest.post('/slow')
    t.match(response.json(), { code: 'ERR_TOTP_UNIDENTIFIED' })
    t.equal((await guest.get('/read')).json().mark, null)
  }
})

t.test('a request that is slower than a change of the mark doesn\'t bring the old session back', async t => {
  for (const rotate of [false, true]) {
    const app = await server(t)
    const guest = visitor(app)
    app.post('/slow', async (request, reply) => {
      t.equal((await guest.copy().post(`/write/${NEXT}`)).status, 200, 'another request is faster')
      await fastifySession.write(request, reply, newMark(), rotate)
      return {}
    })
    await guest.post(`/write/${MARK}`)
    t.match((await guest.copy().post('/slow')).json(), { code: 'ERR_TOTP_CONFLICT' })
    if (rotate) t.equal((await guest.get('/read')).json().mark, NEXT, 'the other\'s write stays')
  }
})

t.test('without a sessionStore on the request nothing is written', async t => {
  const kept = {
    session: { get: () => MARK, set: () => t.fail('written'), regenerate: saved, save: saved, sessionId: 'id' }
  }
  const write = async (sessionStore: unknown) =>
    await fastifySession.write({ session: { ...kept.session }, sessionStore }, null, NEXT, true)
  const storeWith = (get: unknown) => ({ get, set: () => t.fail('written'), destroy: () => t.fail('destroyed') })
  for (const store of [undefined, null, 5, {}, { get () {} }, { get () {}, set () {} }]) {
    await t.rejects(write(store), { message: /has no sessionStore/ })
  }
  const lost = new Error('session store lost')
  await t.rejects(write(storeWith((_id: string, done: (error: Error) => void) => done(lost))), lost)
  await t.rejects(write(storeWith(() => { throw lost })), lost)
  for (const nothing of [null, undefined]) {
    const get = (_id: string, done: (error: null, kept: unknown) => void) => done(null, nothing)
    await t.rejects(write(storeWith(get)), { code: 'ERR_TOTP_UNIDENTIFIED', statusCode: 401 })
  }
})

t.test('without a session nothing is read, and writing is an error', async t => {
  const none = { message: 'the request has no session of @fastify/session' }
  for (const request of [{}, { session: null }, { session: undefined }, { session: 5 }, { session: {} }]) {
    t.equal(fastifySession.read(request), undefined)
    await t.rejects(async () => await fastifySession.write(request, null, MARK, true), none)
  }
  t.equal(fastifySession.read({ session: { get: () => MARK } }), undefined)
  const whole = { get: () => MARK, set: () => {}, regenerate: saved, save: saved, sessionId: 'id' }
  for (const name of ['regenerate', 'save', 'sessionId']) {
    const session = Object.fromEntries(Object.entries(whole).filter(([key]) => key !== name))
    await t.rejects(async () => await fastifySession.write({ session }, null, MARK, true), none, `no ${name}`)
  }
})

t.test('anything but a mark is refused, as when the port is used as a hook by mistake', async t => {
  const session = {
    get: () => undefined, set: () => t.fail('written'), regenerate: saved, save: saved, sessionId: 'id'
  }
  for (const mark of [undefined, null, () => {}, { mark: MARK }]) {
    await t.rejects(Reflect.apply(fastifySession.write, undefined, [{ session }, null, mark]), TypeError)
  }
})

async function saved (): Promise<void> {}

declare module 'fastify' {
  interface Session { cart?: string, odd?: { nested: number[] } }
}

async function server (t: Test, options: Partial<FastifySessionOptions> = {}): Promise<FastifyInstance> {
  const app = Fastify({ pluginTimeout: 0 })
  t.teardown(async () => await app.close())
  await app.register(cookie)
  await app.register(session, {
    secret: 'a secret that is for tests alone, and long',
    cookie: { secure: false },
    saveUninitialized: false,
    ...options
  })
  app.addHook('onRequest', async request => { fastifySession.hooks.onRequest(request) })
  app.addHook('onSend', async (request, reply) => { fastifySession.hooks.onSend(request, reply) })
  app.setErrorHandler<Error>(async (error, request, reply) =>
    await reply.code(500).send({
      message: error.message, code: Reflect.get(error, 'code'), session: Reflect.get(request, 'session')
    }))
  app.get('/read', async request => ({
    mark: fastifySession.read(request) ?? null,
    id: request.session.sessionId,
    cart: request.session.cart,
    odd: request.session.odd
  }))
  app.post('/cart', async request => {
    request.session.cart = 'full'
    request.session.odd = { nested: [1] }
    return {}
  })
  for (const [path, rotate] of [['/write/:mark', false], ['/rotate/:mark', true]] as const) {
    app.post<{ Params: { mark: string } }>(path, async (request, reply) => {
      await fastifySession.write(request, reply, request.params.mark, rotate)
      return {}
    })
  }
  return app
}

/** A session store that finds nothing, and saves as told. */
function storeOf (save: (id: string, session: unknown) => Promise<void>): NonNullable<FastifySessionOptions['store']> {
  return {
    get: (_id, callback) => callback(null, null),
    set: (id, session, callback) => { save(id, session).then(() => callback(), callback) },
    destroy: (_id, callback) => callback()
  }
}
