import { setImmediate as turn } from 'node:timers/promises'
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
  app.addHook('onSend', async (request, reply) => { await other.hooks?.onSend(request, reply) })
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
  let hung = gate()
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
    await t.rejects(writing, { statusCode: 503, cause: { message: 'no answer within 5 s' } })
    return {}
  })
  app.post('/end', async request => {
    await request.session.destroy()
    return {}
  })
  app.post('/late', async request => {
    request.session.cart = 'late'
    hangs = true
    return {}
  })
  const guest = visitor(app)
  await guest.post('/cart')
  t.equal((await guest.post('/hang')).status, 200)

  hung = gate()
  const late = guest.post('/late')
  await hung.passed
  hangs = false
  pass()
  t.match((await late).json(), { code: 'ERR_TOTP_STORE' }, 'no fault of the host')
  t.equal((await guest.post(`/write/${MARK}`)).status, 200)
  t.equal((await guest.post('/end')).status, 200)
  t.equal(kept.size, 0)
})

t.test('who ends a session while its id is rotated ends the new one, too', async t => {
  for (const way of ['destroy', 'regenerate', 'destroy by callback', 'regenerate by callback'] as const) {
    const [reached, opened] = [gate(), gate()]
    const kept = new Map<string, string>()
    const app = await server(t, {
      store: {
        get (id, done) {
          // Over several connections to a database, what is sent later can arrive sooner.
          setImmediate(() => { done(null, JSON.parse(kept.get(id) ?? 'null')) })
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
    app.post('/end', async ({ session }) => {
      reached.open()
      await opened.passed
      if (way === 'destroy') await session.destroy()
      else if (way === 'regenerate') await session.regenerate(['odd'])
      else {
        await new Promise<void>((resolve, reject) => {
          const done = (error?: unknown) => error ? reject(error) : resolve()
          if (way === 'destroy by callback') session.destroy(done)
          else session.regenerate(['odd'], done)
        })
      }
      return {}
    })
    const user = visitor(app)
    await user.post('/cart')
    const ending = user.copy().post('/end')
    await reached.passed
    for (let times = 0; times < 2; times++) t.equal((await user.post(`/rotate/${MARK}`)).status, 200)
    t.match((await user.get('/read')).json(), { cart: 'full', mark: MARK })
    opened.open()
    t.equal((await ending).status, 200, way)
    const after = (await user.get('/read')).json()
    t.match(after, { cart: undefined, mark: null }, way)
  }
})

/** A server with a logout that has loaded its session and waits, and the user whose session it is. */
async function leaving (t: Test, kept: Kept, routes: (app: FastifyInstance) => void = () => {}) {
  const [reached, opened] = [gate(), gate()]
  const app = await server(t, { store: kept.store, rolling: false })
  app.post('/end', async ({ session }) => {
    reached.open()
    await opened.passed
    await session.destroy()
    return {}
  })
  app.post('/destroy', async request => {
    await request.session.destroy()
    return {}
  })
  app.post('/regenerate', async request => {
    await request.session.regenerate()
    request.session.cart = 'of the next login'
    return {}
  })
  routes(app)
  const user = visitor(app)
  await user.post('/cart')
  const before = user.copy()
  const ending = user.copy().post('/end')
  await reached.passed
  return { user, before, ending, open: opened.open }
}

t.test('what an old cookie does leaves the note for the logout that is under way', async t => {
  for (const way of ['destroy', 'regenerate']) {
    const { user, before, ending, open } = await leaving(t, keptSessions())
    t.equal((await user.post(`/rotate/${MARK}`)).status, 200)
    t.equal((await before.post(`/${way}`)).status, 200)
    t.match((await before.get('/read')).json(), { cart: way === 'destroy' ? undefined : 'of the next login' })
    t.match((await user.get('/read')).json(), { cart: 'full', mark: MARK })
    open()
    t.equal((await ending).status, 200)
    t.match((await user.get('/read')).json(), { cart: undefined, mark: null }, way)
  }
})

t.test('a logout that fails to look once looks again; if that fails too, it says so', async t => {
  for (const times of [1, 2]) {
    const kept = keptSessions()
    const { user, before, ending, open } = await leaving(t, kept)
    await user.post(`/rotate/${MARK}`)
    let failures = 0
    kept.before = async method => {
      if (method === 'get' && failures++ < times) throw new Error('session store lost')
    }
    open()
    t.equal((await ending).status, times === 1 ? 200 : 500)
    kept.before = async () => {}
    t.equal((await before.get('/read')).json().cart, undefined)
    t.equal((await user.get('/read')).json().cart, times === 1 ? undefined : 'full')
  }
})

t.test('a logout follows a session that is just being rotated', async t => {
  const kept = keptSessions()
  const { user, ending, open } = await leaving(t, kept)
  await user.post(`/rotate/${MARK}`)
  const [storing, stored] = [gate(), gate()]
  kept.before = async method => {
    if (method !== 'set') return
    storing.open()
    await stored.passed
  }
  const rotating = user.post(`/rotate/${NEXT}`)
  await storing.passed
  open()
  for (let i = 0; i < 20; i++) await turn()
  stored.open()
  t.equal((await rotating).status, 200)
  t.equal((await ending).status, 200)
  t.match((await user.get('/read')).json(), { cart: undefined, mark: null })
  t.equal(kept.sessions.size, 0)
})

t.test('a session that was rotated, and ended before the answer, stays ended', async t => {
  for (const change of [false, true]) {
    const [rotated, opened] = [gate(), gate()]
    const { user, ending, open } = await leaving(t, keptSessions(), app => {
      app.post('/rotate-slowly', async (request, reply) => {
        await fastifySession.write(request, reply, MARK, true)
        rotated.open()
        await opened.passed
        if (change) request.session.cart = 'fuller'
        return {}
      })
    })
    const slow = user.post('/rotate-slowly')
    await rotated.passed
    open()
    t.equal((await ending).status, 200)
    opened.open()
    t.equal((await slow).headers['set-cookie'], undefined)
    t.match((await user.get('/read')).json(), { cart: undefined, mark: null })
  }
})

t.test('one request may rotate its session twice', async t => {
  const app = await server(t)
  app.post('/twice', async (request, reply) => {
    await fastifySession.write(request, reply, MARK, true)
    await fastifySession.write(request, reply, NEXT, true)
    return {}
  })
  const user = visitor(app)
  await user.post('/cart')
  t.equal((await user.post('/twice')).status, 200)
  t.match((await user.get('/read')).json(), { cart: 'full', mark: NEXT })
})

t.test('a request that reloads its session doesn\'t bring it back', async t => {
  for (const end of ['/destroy', `/rotate/${NEXT}`]) {
    for (const when of ['before', 'after', 'both']) {
      const [reached, opened] = [gate(), gate()]
      const { user, before } = await leaving(t, keptSessions(), app => {
        app.post('/reload', async request => {
          if (when !== 'after') await request.session.reload()
          reached.open()
          await opened.passed
          if (when !== 'before') await request.session.reload()
          request.session.cart = 'brought back'
          return {}
        })
      })
      const slow = user.copy().post('/reload')
      await reached.passed
      t.equal((await user.post(end)).status, 200)
      opened.open()
      const message = `${end} ${when}`
      t.equal((await slow).headers['set-cookie'], undefined, message)
      t.match((await before.get('/read')).json(), { cart: undefined, mark: null }, message)
    }
  }
})

t.test('a session that is saved, and then ended, sends no cookie; one that is still stored does', async t => {
  for (const [end, fails] of [[null, false], ['/destroy', false], [`/rotate/${NEXT}`, false], [null, true]] as const) {
    const [saved, opened] = [gate(), gate()]
    const kept = keptSessions()
    const { user, before } = await leaving(t, kept, app => {
      app.post('/save', async ({ session }) => {
        session.cart = 'fuller'
        await session.save()
        saved.open()
        await opened.passed
        return {}
      })
    })
    const slow = user.copy().post('/save')
    await saved.passed
    if (end !== null) t.equal((await user.post(end)).status, 200)
    if (fails) kept.before = async () => { throw new Error('session store lost') }
    opened.open()
    const isSent = end === null && !fails
    t.type((await slow).headers['set-cookie'], isSent ? 'string' : 'undefined', String(end))
    kept.before = async () => {}
    t.equal((await before.get('/read')).json().cart, end === null ? 'fuller' : undefined)
  }
})

t.test('a store that keeps a new session, or its note, too late has rotated nothing', async t => {
  for (const late of [1, 2]) {
    const { pass } = deadlines(t)
    const kept = keptSessions()
    const [caught, stored, written] = [gate(), gate(), gate()]
    const { user, ending, open } = await leaving(t, kept, app => {
      app.post('/keep', async (request, reply) => {
        await t.rejects(Promise.resolve(fastifySession.write(request, reply, MARK, true)))
        await written.passed
        return {}
      })
    })
    let sets = 0
    kept.before = async method => {
      if (method !== 'set' || ++sets !== late) return
      caught.open()
      await stored.passed
    }
    const keeping = user.copy()
    const answer = keeping.post('/keep')
    await caught.passed
    pass()
    for (let i = 0; i < 20; i++) await turn()
    open()
    t.equal((await ending).status, 200)
    stored.open()
    for (let i = 0; i < 20; i++) await turn()
    written.open()
    t.equal((await answer).headers['set-cookie'], undefined)
    t.equal((await keeping.get('/read')).json().cart, undefined)
  }
})

t.test('save takes null for a callback that isn\'t there', async t => {
  const app = await server(t)
  app.post('/save', async ({ session }) => {
    await Reflect.apply(session.save, session, [null])
    return {}
  })
  const user = visitor(app)
  await user.post('/cart')
  t.equal((await user.post('/save')).status, 200)
})

t.test('regenerating gives a new session the entries that it names', async t => {
  const app = await server(t)
  app.post('/login', async request => {
    await request.session.regenerate(['odd'])
    return {}
  })
  const user = visitor(app)
  await user.post('/cart')
  const { id } = (await user.get('/read')).json()
  t.equal((await user.post('/login')).status, 200)
  const after = (await user.get('/read')).json()
  t.not(after.id, id)
  t.match(after, { cart: undefined, odd: { nested: [1] } })
})

t.test('a store that tells late what was there early saves nothing, and rotates nothing', async t => {
  const { pass } = deadlines(t)
  for (const path of ['/slow', `/write/${NEXT}`, `/rotate/${NEXT}`]) {
    const kept = new Map<string, string>()
    let [reads, slow] = [0, false]
    const [reached, opened] = [gate(), gate()]
    const app = await server(t, {
      store: {
        get (id, done) {
          const early = JSON.parse(kept.get(id) ?? 'null')
          // The first look-up is the plugin's own.
          if (!slow || ++reads !== 2) return done(null, early)
          reached.open()
          opened.passed.then(() => done(null, early), done)
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
    app.post('/slow', async request => {
      request.session.cart = 'late'
      return {}
    })
    app.post('/end', async request => {
      await request.session.destroy()
      return {}
    })
    const user = visitor(app)
    await user.post('/cart')
    slow = true
    const late = user.copy().post(path)
    await reached.passed
    pass()
    t.equal((await user.copy().post('/end')).status, 200)
    opened.open()
    await late
    await new Promise(resolve => { setImmediate(resolve) })
    t.same([...kept.keys()], [], path)
  }
})

t.test('hosts don\'t see the new id in the session that an old cookie finds', async t => {
  const app = await server(t)
  app.get('/all', async request => ({ ...request.session }))
  const user = visitor(app)
  await user.post('/cart')
  const thief = user.copy()
  await user.post(`/rotate/${MARK}`)
  const { id } = (await user.get('/read')).json()
  t.notMatch((await thief.get('/all')).text, id)
})

t.test('an idGenerator that returns the same id is an error, and the user stays logged in', async t => {
  const app = await server(t, { idGenerator: () => 'always-the-same' })
  const user = visitor(app)
  await user.post('/cart')
  t.match(await user.post(`/rotate/${MARK}`), { status: 500, text: /idGenerator of @fastify\/session must return a new id/ })
  t.match((await user.get('/read')).json(), { cart: 'full' })
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
    t.equal(saves, 1, 'a rotation stops before it leaves a note')
  }
})

t.test('a store that fails after a rotation loses the answer, and the cookie arrives with the error', async t => {
  const kept = new Map<string, string>()
  let fails = false
  const app = await server(t, {
    store: {
      get (id, done) { done(null, JSON.parse(kept.get(id) ?? 'null')) },
      set (id, session, done) {
        const failed = fails
        fails = false
        if (!failed) kept.set(id, JSON.stringify(session))
        done(failed ? new Error('session store lost') : undefined)
      },
      destroy (id, done) {
        kept.delete(id)
        done()
      }
    }
  })
  app.post('/rotate-and-fail', async (request, reply) => {
    await fastifySession.write(request, reply, MARK, true)
    request.session.cart = 'empty'
    fails = true
    return {}
  })
  const guest = visitor(app)
  await guest.post('/cart')
  const lost = await guest.post('/rotate-and-fail')
  t.match(lost, { status: 500, headers: { 'set-cookie': String } })
  t.match((await guest.get('/read')).json(), { mark: MARK, cart: 'empty' })
})

t.test('a request that is slower than the logout of its session doesn\'t bring it back', async t => {
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
  app.addHook('onSend', async (request, reply) => { await fastifySession.hooks.onSend(request, reply) })
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

type Method = 'get' | 'set' | 'destroy'

/** A session store that can be told to fail, or to wait. */
interface Kept {
  readonly store: NonNullable<FastifySessionOptions['store']>
  readonly sessions: ReadonlyMap<string, string>
  /** Is waited for before each call; a rejection fails it. */
  before (method: Method): Promise<void>
}

function keptSessions (): Kept {
  const sessions = new Map<string, string>()
  const kept: Kept = {
    sessions,
    before: async () => {},
    store: {
      get (id, done) {
        kept.before('get').then(() => done(null, JSON.parse(sessions.get(id) ?? 'null')), done)
      },
      set (id, session, done) {
        const text = JSON.stringify(session)
        kept.before('set').then(() => {
          sessions.set(id, text)
          done()
        }, done)
      },
      destroy (id, done) {
        kept.before('destroy').then(() => {
          sessions.delete(id)
          done()
        }, done)
      }
    }
  }
  return kept
}
