import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import express, { type Express, type Request, type Response } from 'express'
import express4 from 'express4'
import session from 'express-session'
import t, { type Test } from 'tap'
import { expressSession } from '../../src/connect.js'
import { newMark } from '../../src/entity/mark.js'
import { deadlines } from '../deadlines.js'
import { guest } from '../example/guest.js'
import { gate } from '../gate.js'
import { untyped } from '../untyped.js'
import { shop } from './express-shop.js'
import { FaultySessions } from './faulty-sessions.js'

const MARK = newMark()

/** Does something when the headers are about to be sent, as middlewares do. */
function beforeHead (response: Response, act: () => void): void {
  const { writeHead } = response
  response.writeHead = untyped((...args: unknown[]) => {
    act()
    return Reflect.apply(writeHead, response, args)
  })
}

/** What hosts do to an answer that ends, or has ended: each was one that express-session alone survives. */
const ACTS: Readonly<Record<string, (response: Response) => unknown>> = {
  'an impossible status': response => {
    response.statusCode = 11_000
    response.end('x')
  },
  'a listener to the headers that throws': response => {
    beforeHead(response, () => { throw new Error('torn') })
    response.json({})
  },
  'another answer by writeHead': response => {
    response.json({ first: true })
    response.writeHead(302, { location: '/' })
  },
  'headers flushed after the end': response => {
    response.json({ first: true })
    response.flushHeaders()
  },
  'more after the end': response => {
    response.json({ first: true })
    response.write('more')
    response.end('and more')
  },
  'an error after the end': response => {
    response.json({ first: true })
    throw new Error('torn')
  },
  'cookies after the end': response => {
    response.cookie('first', 'yes')
    response.cookie('second', 'yes')
    response.json({ first: true })
    response.appendHeader('set-cookie', 'late=yes')
  }
}

for (const [name, act] of Object.entries(ACTS)) {
  for (const change of [false, true]) {
    t.test(`${name} is answered, and ends no process; the session ${change ? 'changed' : 'is the same'}`, async t => {
      const { customer, failures, errors } = await shop(t, {
        rolling: true,
        routes: app => {
          app.post('/act', (request, response) => {
            if (change) request.session.cart = 'changed'
            act(response)
          })
        }
      })
      const user = await customer()
      const answer = await user.request('POST', '/act')
      const isSent = name.includes('after the end') || name.includes('another')
      t.equal(answer.status, isSent ? 200 : 500)
      if (isSent) t.same(answer.json(), { first: true })
      t.notOk(user.cookies.has('late'))
      t.equal(failures.length, isSent ? 0 : 1)
      const thrown = name.includes('writeHead') ? 'ERR_HTTP_HEADERS_SENT' : undefined
      t.equal(errors.length, thrown !== undefined || name.startsWith('an error') ? 1 : 0)
      if (thrown !== undefined) t.match(errors, [{ code: thrown }])
      t.equal((await user.request('GET', '/read')).status, 200, 'the server is there')
    })
  }
}

t.test('an error of the host after an answer costs neither the answer nor the connection', async t => {
  const libraries: ReadonlyArray<typeof express> = [express, untyped(express4)]
  for (const library of libraries) {
    const app = library()
    app.use(session({ secret: 'a secret that is for tests alone', resave: false, saveUninitialized: false }))
    app.use((request, response, next) => {
      expressSession.lookAfter(request, response, { warn () {}, fail () {} })
      next()
    })
    app.post('/cart/:content', (request, response, next) => {
      request.session.cart = request.params.content
      response.json({ first: true })
      next(new Error('torn'))
    })
    app.set('env', 'test')
    const server = app.listen(0)
    t.teardown(() => { server.close() })
    await once(server, 'listening')
    const user = guest(`http://localhost:${untyped(server.address()).port}`)
    for (const content of ['full', 'fuller']) {
      const answer = await user.request('POST', `/cart/${content}`)
      t.equal(answer.status, 200)
      t.same(answer.json(), { first: true })
    }
  }
})

t.test('a session that can\'t be written down is an error, and the answer ends', async t => {
  const { customer, failures } = await shop(t, {
    routes: app => {
      app.post('/act', (request, response) => {
        untyped(request.session).cart = { toJSON () { throw new Error('torn') } }
        response.json({})
      })
    }
  })
  const user = await customer()
  t.equal((await user.request('POST', '/act')).status, 500)
  t.match(failures, [{ message: 'torn' }])
})

t.test('a wrapper that throws twice costs the connection, not the process', async t => {
  const { customer, failures } = await shop(t, {
    routes: app => {
      app.post('/act', (request, response) => {
        request.session.cart = 'changed'
        response.removeHeader = () => { throw new Error('torn') }
        response.setHeader('x-shop', 'ours')
        beforeHead(response, () => { throw new Error('torn') })
        response.json({})
      })
    }
  })
  const user = await customer()
  await t.rejects(user.request('POST', '/act'))
  t.equal(failures.length, 1)
})

t.test('a wrapper that throws once the headers are sent costs the connection', async t => {
  const { customer, failures } = await shop(t, {
    store: new FaultySessions(),
    before: app => {
      app.use('/act', (_request, response, next) => {
        response.end = () => {
          response.writeHead(200)
          response.flushHeaders()
          throw new Error('torn')
        }
        next()
      })
    },
    routes: app => {
      app.post('/act', (request, response) => {
        request.session.cart = 'changed'
        response.json({})
      })
    }
  })
  const user = await customer()
  await t.rejects(user.request('POST', '/act'))
  t.match(failures, [{ message: 'torn' }])
})

t.test('a store that throws at once from touch is an error of one answer', async t => {
  class Touchy extends FaultySessions {
    override touch (): void { throw new Error('the client is closed') }
  }
  const { customer, failures } = await shop(t, { store: new Touchy() })
  const user = await customer()
  t.equal((await user.request('GET', '/read')).status, 500)
  t.match(failures, [{ message: 'the client is closed' }])
})

t.test('an answer doesn\'t wait for ever for a store that stopped answering', async t => {
  for (const settings of [{}, { resave: true }, { rolling: true }]) {
    const { pass } = deadlines(t)
    const store = new FaultySessions()
    const { customer } = await shop(t, { store, ...settings })
    const user = await customer()
    const hung = gate()
    let calls = 0
    store.before = async method => {
      // The first look-up is express-session's own.
      if (method !== 'get' || ++calls === 1) return
      hung.open()
      await new Promise(() => {})
    }
    const answer = user.request('GET', '/read')
    await hung.passed
    store.before = () => {}
    pass()
    t.match((await answer).json(), { cart: 'full' })
    t.same((await answer).headers.getSetCookie(), [], 'it isn\'t known whether the session has ended')
  }
})

t.test('save and destroy take null for no callback', async t => {
  const { customer } = await shop(t, {
    routes: app => {
      for (const name of ['save', 'destroy'] as const) {
        app.post(`/${name}`, (request: Request, response: Response) => {
          request.session.cart = 'changed'
          request.session[name](untyped(null))
          response.json({})
        })
      }
    }
  })
  const user = await customer()
  for (const path of ['/save', '/destroy']) t.equal((await user.request('POST', path)).status, 200)
})

t.test('a session that was saved too late for its turn isn\'t saved: it may have ended', async t => {
  const { pass } = deadlines(t)
  const [reached, opened] = [gate(), gate()]
  let isSlow = false
  /** Tells late what was there early. */
  class Late extends FaultySessions {
    override get (...[id, done]: Parameters<FaultySessions['get']>): void {
      if (!isSlow) return super.get(id, done)
      isSlow = false
      super.get(id, (...kept) => {
        reached.open()
        opened.passed.then(() => done(...kept), done)
      })
    }
  }
  const store = new Late()
  const { customer } = await shop(t, {
    store,
    routes: app => {
      app.post('/slow', (request, response) => {
        request.session.cart = 'late'
        isSlow = true
        response.json({})
      })
      app.post('/logout', (request, response) => { request.session.destroy(() => response.json({})) })
    }
  })
  const user = await customer()
  const late = user.copy().request('POST', '/slow')
  await reached.passed
  pass()
  t.equal((await user.copy().request('POST', '/logout')).status, 200)
  opened.open()
  await late
  t.match((await user.request('GET', '/read')).json(), { cart: null })
  t.same(await store.ids(), [])
})

t.test('who ends a session while its id is rotated ends the new one, too', async t => {
  for (const way of ['destroy', 'regenerate'] as const) {
    const [reached, opened] = [gate(), gate()]
    const store = new FaultySessions()
    const { customer } = await shop(t, {
      store,
      routes: app => {
        app.post('/end', (request, response, next) => {
          reached.open()
          const answer = (error: unknown) => error ? next(error) : response.json({})
          opened.passed.then(() => request.session[way](answer), next)
        })
      }
    })
    const user = await customer()
    const ending = user.copy().request('POST', '/end')
    await reached.passed
    // Twice: the first new id gives way, too.
    for (let times = 0; times < 2; times++) t.equal((await user.request('POST', `/rotate/${MARK}`)).status, 200)
    t.match((await user.request('GET', '/read')).json(), { cart: 'full', mark: MARK })
    // Over several connections to a database, what is sent later can arrive sooner.
    store.before = async method => { if (method === 'get') await turn() }
    opened.open()
    t.equal((await ending).status, 200)
    t.match((await user.request('GET', '/read')).json(), { cart: null, mark: null }, way)
  }
})

/** A shop with a logout that has loaded its session and waits, and the user whose session it is. */
async function leaving (t: Test, store: FaultySessions, routes: (app: Express) => void = () => {}) {
  const [reached, opened] = [gate(), gate()]
  const { customer } = await shop(t, {
    store,
    routes: app => {
      app.post('/end', (request, response, next) => {
        reached.open()
        const answer = (error?: unknown) => error ? next(error) : response.json({})
        opened.passed.then(() => request.session.destroy(answer), next)
      })
      for (const way of ['destroy', 'regenerate'] as const) {
        app.post(`/${way}`, (request, response, next) => {
          const { session } = request
          session[way]((error: unknown) => error ? next(error) : response.json({ id: request.session?.id }))
        })
      }
      routes(app)
    }
  })
  const user = await customer()
  const before = user.copy()
  const ending = user.copy().request('POST', '/end')
  await reached.passed
  return { user, before, ending, open: opened.open }
}

const ROTATE = `/rotate/${MARK}`

t.test('what an old cookie does leaves the note for the logout that is under way', async t => {
  for (const way of ['destroy', 'regenerate'] as const) {
    const { user, before, ending, open } = await leaving(t, new FaultySessions())
    t.equal((await user.request('POST', ROTATE)).status, 200)
    const { id } = (await user.request('GET', '/read')).json()
    const stray = await before.request('POST', `/${way}`)
    t.equal(stray.status, 200)
    t.not(stray.json().id, id)
    t.match((await user.request('GET', '/read')).json(), { cart: 'full' })
    open()
    t.equal((await ending).status, 200)
    t.match((await user.request('GET', '/read')).json(), { cart: null, mark: null }, way)
  }
})

t.test('a session that an old cookie regenerates is a session like any other', async t => {
  const { customer } = await shop(t, {
    routes: app => {
      app.post('/login', (request, response, next) => {
        request.session.regenerate(error => {
          if (error) return next(error)
          request.session.cart = 'of the next login'
          response.json({})
        })
      })
    }
  })
  const user = await customer()
  const old = user.copy()
  await user.request('POST', ROTATE)
  t.equal((await old.request('POST', '/login')).status, 200)
  t.match((await old.request('GET', '/read')).json(), { cart: 'of the next login' })
  t.match((await user.request('GET', '/read')).json(), { cart: 'full', mark: MARK })
})

t.test('a logout that fails to look once looks again; if that fails too, it says so', async t => {
  for (const times of [1, 2]) {
    const store = new FaultySessions()
    const { user, before, ending, open } = await leaving(t, store)
    await user.request('POST', ROTATE)
    let failures = 0
    store.before = method => {
      if (method === 'get' && failures++ < times) throw new Error('session store lost')
    }
    open()
    t.equal((await ending).status, times === 1 ? 200 : 503)
    store.before = () => {}
    t.match((await before.request('GET', '/read')).json(), { cart: null })
    t.match((await user.request('GET', '/read')).json(), { cart: times === 1 ? null : 'full' })
  }
})

t.test('a logout follows a session that is just being rotated', async t => {
  const store = new FaultySessions()
  const { user, ending, open } = await leaving(t, store)
  await user.request('POST', ROTATE)
  const [storing, stored] = [gate(), gate()]
  store.before = async method => {
    if (method !== 'set') return
    storing.open()
    await stored.passed
  }
  const rotating = user.request('POST', ROTATE)
  await storing.passed
  open()
  for (let i = 0; i < 20; i++) await turn()
  stored.open()
  t.equal((await rotating).status, 200)
  t.equal((await ending).status, 200)
  t.match((await user.request('GET', '/read')).json(), { cart: null, mark: null })
  t.same(await store.ids(), [])
})

t.test('notes that point at themselves, or in a ring, end a logout all the same', async t => {
  for (const ring of [false, true]) {
    const store = new FaultySessions()
    const { before, ending, open } = await leaving(t, store)
    const [id = ''] = await store.ids()
    const note = (totpRotated: string) => untyped({ cookie: {}, totpRotated })
    store.set(id, note(ring ? 'other' : id))
    if (ring) store.set('other', note(id))
    await turn()
    open()
    t.equal((await ending).status, 200)
    t.match((await before.request('GET', '/read')).json(), { cart: null })
    t.same(await store.ids(), [])
  }
})

t.test('a store that keeps a note too late has rotated nothing: the user stays logged out', async t => {
  const { pass } = deadlines(t)
  const [written, late, caught] = [gate(), gate(), gate()]
  const store = new FaultySessions()
  const { user, ending, open } = await leaving(t, store, app => {
    app.post('/keep', (request, response) => {
      const writing = Promise.resolve(expressSession.write(request, response, MARK, true))
      writing.catch(() => {}).then(async () => {
        await written.passed
        response.json({})
      }, () => {})
    })
  })
  let sets = 0
  store.before = async method => {
    if (method !== 'set' || ++sets !== 2) return
    caught.open()
    await late.passed
  }
  const keeping = user.copy()
  const answer = keeping.request('POST', '/keep')
  await caught.passed
  pass()
  for (let i = 0; i < 20; i++) await turn()
  open()
  t.equal((await ending).status, 200)
  late.open()
  for (let i = 0; i < 20; i++) await turn()
  written.open()
  t.equal((await answer).status, 200)
  t.match((await keeping.request('GET', '/read')).json(), { cart: null })
})

t.test('saving a session that has ended leaves the next one of the request alone', async t => {
  const { customer } = await shop(t, {
    routes: app => {
      app.post('/next', (request, response, next) => {
        const { session } = request
        session.regenerate(error => {
          if (error) return next(error)
          request.session.cart = 'of the next login'
          session.save(() => response.json({}))
        })
      })
    }
  })
  const user = await customer()
  t.equal((await user.request('POST', '/next')).status, 200)
  t.match((await user.request('GET', '/read')).json(), { cart: 'of the next login' })
})

t.test('a request whose session has ended can log in again', async t => {
  const store = new FaultySessions()
  const { customer } = await shop(t, {
    store,
    routes: app => {
      app.post('/again', (request, response, next) => {
        const { session } = request
        store.destroy(session.id, () => session.save(() => session.regenerate(error => {
          if (error) return next(error)
          request.session.cart = 'of the next login'
          response.json({})
        })))
      })
    }
  })
  const user = await customer()
  t.equal((await user.request('POST', '/again')).status, 200)
  t.match((await user.request('GET', '/read')).json(), { cart: 'of the next login' })
})

t.test('a store that calls back with false has done what it was asked', async t => {
  const store = new FaultySessions()
  const { set } = store
  store.set = (id, session, done = () => {}) => {
    set.call(store, id, session, error => done(error ?? false))
  }
  const { customer } = await shop(t, { store })
  const user = await customer()
  t.equal((await user.request('POST', ROTATE)).status, 200)
  t.match((await user.request('GET', '/read')).json(), { cart: 'full', mark: MARK })
})

t.test('a logout that doesn\'t wait is answered when the session has ended, or could not be', async t => {
  for (const fails of [false, true]) {
    const store = new FaultySessions()
    const { customer } = await shop(t, {
      store,
      routes: app => {
        app.post('/destroy', (request, response) => {
          request.session.destroy(untyped(undefined))
          response.json({})
        })
      }
    })
    const user = await customer()
    const [destroying, destroyed] = [gate(), gate()]
    store.before = async method => {
      if (method !== 'destroy') return
      destroying.open()
      await destroyed.passed
      if (fails) throw new Error('session store lost')
    }
    let isAnswered = false
    const leaving = user.request('POST', '/destroy').then(answer => {
      isAnswered = true
      return answer
    })
    await destroying.passed
    t.match(await user.copy().request('GET', '/read'), { status: 200 })
    t.notOk(isAnswered)
    destroyed.open()
    t.equal((await leaving).status, 200)
    t.equal((await user.request('GET', '/read')).json().cart, fails ? 'full' : null)
  }
})

t.test('hosts don\'t see the new id in the session that an old cookie finds', async t => {
  const { customer } = await shop(t, {
    routes: app => { app.get('/all', (request, response) => { response.json({ ...request.session }) }) }
  })
  const user = await customer()
  const thief = user.copy()
  await user.request('POST', `/rotate/${MARK}`)
  const { id } = (await user.request('GET', '/read')).json()
  const seen = await thief.request('GET', '/all')
  t.notMatch(JSON.stringify(seen.json()), id)
  t.strictSame(Object.keys(seen.json()), ['cookie'])
})

t.test('a genid that returns the same id is an error, and the user stays logged in', async t => {
  const { customer, errors } = await shop(t, { genid: () => 'always-the-same' })
  const user = await customer()
  t.equal((await user.request('POST', `/rotate/${MARK}`)).status, 503)
  t.match(errors, [{ message: /genid of express-session must return a new id each time/ }])
  t.match((await user.request('GET', '/read')).json(), { cart: 'full', mark: null })
})

t.test('a store that throws in a callback ends no process', async t => {
  class Closing extends FaultySessions {
    isClosed = false
    override get (...args: Parameters<FaultySessions['get']>): void {
      if (this.isClosed) throw new Error('the client is closed')
      super.get(...args)
    }
  }
  const store = new Closing()
  const { customer } = await shop(t, { store })
  const user = await customer()
  let writes = 0
  store.before = method => { if (method === 'set' && ++writes === 2) store.isClosed = true }
  const answer = await user.request('POST', `/rotate/${MARK}`)
  store.isClosed = false
  store.before = () => {}
  t.equal(answer.status, 200, 'the old session was destroyed instead')
  t.match((await user.request('GET', '/read')).json(), { cart: 'full', mark: MARK })
})

t.test('another object for the session of the request is looked after, too', async t => {
  const [reached, opened] = [gate(), gate()]
  const { customer } = await shop(t, {
    routes: app => {
      app.post('/recreate', (request, response, next) => {
        reached.open()
        opened.passed.then(() => {
          request.sessionStore.createSession(request, untyped({ ...request.session, cart: 'again' }))
          response.json({})
        }, next)
      })
      app.post('/logout', (request, response) => { request.session.destroy(() => response.json({})) })
    }
  })
  const user = await customer()
  const slow = user.copy().request('POST', '/recreate')
  await reached.passed
  await user.copy().request('POST', '/logout')
  opened.open()
  t.same((await slow).headers.getSetCookie(), [])
  t.match((await user.request('GET', '/read')).json(), { cart: null })
})

t.test('one answer without its cookie doesn\'t end rolling', async t => {
  const { customer } = await shop(t, {
    rolling: true,
    cookie: { maxAge: 3_600_000 },
    before: app => {
      app.use((request, response, next) => {
        if (request.url === '/cached') beforeHead(response, () => { response.removeHeader('set-cookie') })
        next()
      })
    },
    routes: app => { app.get('/cached', (_request, response) => { response.json({}) }) }
  })
  const user = await customer()
  await user.request('GET', '/cached')
  for (let times = 0; times < 3; times++) t.equal((await user.request('GET', '/read')).headers.getSetCookie().length, 1)
})
