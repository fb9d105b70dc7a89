import { randomBytes } from 'node:crypto'
import express, { type NextFunction, type Request, type Response } from 'express'
import express4 from 'express4'
import t, { type Test } from 'tap'
import { createTotp, expressSession } from '../../src/connect.js'
import { newMark } from '../../src/entity/mark.js'
import { memoryStore } from '../../src/index.js'
import { deadlines } from '../deadlines.js'
import { gate } from '../gate.js'
import { untyped } from '../untyped.js'
import { cookiesIn, shop, type Shop } from './express-shop.js'
import { FaultySessions } from './faulty-sessions.js'

const [MARK, NEXT] = [newMark(), newMark()]
const lost = new Error('session store lost')
const DAYS_30 = 30 * 24 * 3600 * 1000

for (const [name, library] of [['Express 5', express], ['Express 4', express4]] as const) {
  t.test(`on ${name}`, async t => {
    t.test('a session without an approval has no mark', async t => {
      const { guest } = await shop(t, { library })
      t.match((await guest().request('GET', '/read')).json(), { mark: null })
    })

    t.test('a mark is kept in the session, which keeps its id', async t => {
      const { customer } = await shop(t, { library })
      const user = await customer()
      const { id } = (await user.request('GET', '/read')).json()
      for (const mark of [MARK, NEXT]) {
        t.equal((await user.request('POST', `/write/${mark}`)).status, 200)
        t.match((await user.request('GET', '/read')).json(), { mark, cart: 'full', id })
      }
    })

    t.test('rotation gives the session a new id, keeps its content, and leaves a note', async t => {
      const { customer, store } = await shop(t, {
        library,
        cookie: { maxAge: 1000 },
        routes: app => {
          app.post('/remember', (request, response) => {
            request.session.cookie.maxAge = DAYS_30
            request.session.cart = 'kept'
            response.json({})
          })
        }
      })
      const user = await customer()
      await user.request('POST', '/remember')
      const before = (await user.request('GET', '/read')).json()
      const thief = user.copy()
      const rotated = await user.request('POST', `/rotate/${MARK}`)
      t.equal(rotated.status, 200)
      const { id, ...after } = (await user.request('GET', '/read')).json()
      t.not(id, before.id)
      t.same(after, { mark: MARK, cart: 'kept', odd: { nested: [1] }, maxAge: DAYS_30 / 1000 })
      const [cookie = ''] = cookiesIn(rotated)
      const expires = Date.parse(/expires=([^;]+)/i.exec(cookie)?.[1] ?? '')
      t.ok(expires > Date.now() + DAYS_30 - 3_600_000, 'the browser keeps it as long')
      const stolen = await thief.request('GET', '/read')
      t.match(stolen.json(), { mark: null, cart: null })
      t.same(cookiesIn(stolen), [])
      const note = await new Promise<unknown>(resolve => {
        store.get(before.id, (_error, kept) => resolve(kept))
      })
      t.match(note, { totpRotated: String, cart: undefined, totpMark: undefined })
    })

    t.test('functions of the port that are taken for a middleware answer an error at once', async t => {
      const { read, write, withEntry, lookAfter } = expressSession
      const wrong = { read, write, withEntry, lookAfter }
      const { guest } = await shop(t, {
        library,
        routes: app => {
          for (const [name, middleware] of Object.entries(wrong)) {
            app.get(`/as-middleware/${name}`, untyped(middleware), (_: Request, response: Response) => {
              response.json({ open: true })
            })
          }
        }
      })
      for (const name of Object.keys(wrong)) {
        const answer = await guest().request('GET', `/as-middleware/${name}`)
        t.equal(answer.status, name === 'write' ? 503 : 500, name)
      }
    })
  })
}

t.test('a mark is kept before the request is answered', async t => {
  for (const act of ['write', 'rotate']) {
    const store = new FaultySessions()
    const [reached, opened] = [gate(), gate()]
    const user = await (await shop(t, { store })).customer()
    store.before = async method => {
      if (method !== 'set') return
      reached.open()
      await opened.passed
    }
    let isAnswered = false
    const answer = user.request('POST', `/${act}/${MARK}`).finally(() => { isAnswered = true })
    await reached.passed
    t.equal(isAnswered, false)
    opened.open()
    t.equal((await answer).status, 200)
    t.equal((await user.request('GET', '/read')).json().mark, MARK)
  }
})

t.test('a store that fails leaves the session as it was, and the answer sets no cookie', async t => {
  const fails = {
    'the first write': (method: string, n: number) => method === 'set' && n === 1,
    'the note, its look-up and its removal': (method: string, n: number) =>
      (method === 'set' && n === 2) || (method === 'get' && n > 2) || method === 'destroy',
    'the note, and the removal in its place': (method: string, n: number) =>
      (method === 'set' && n === 2) || method === 'destroy',
    'every read': (method: string, n: number) => method === 'get' && n > 1
  }
  for (const [what, fail] of Object.entries(fails)) {
    for (const act of what.includes('note') ? ['rotate'] : ['write', 'rotate']) {
      const store = new FaultySessions()
      const { customer, warnings } = await shop(t, { store })
      const user = await customer()
      await user.request('POST', `/write/${MARK}`)
      const counts = new Map<string, number>()
      store.before = method => {
        const n = (counts.get(method) ?? 0) + 1
        counts.set(method, n)
        if (fail(method, n)) throw lost
      }
      const answer = await user.request('POST', `/${act}/${NEXT}`)
      t.match(answer.json(), { message: 'session store lost' }, `${act}: ${what}`)
      t.equal(answer.status, 503)
      t.same(cookiesIn(answer), [])
      store.before = () => {}
      t.match((await user.request('GET', '/read')).json(), { mark: MARK, cart: 'full' })
      t.same(warnings, [])
    }
  }
})

t.test('a session that could not be saved with its first mark is not the browser\'s', async t => {
  const store = new FaultySessions()
  const { guest } = await shop(t, {
    store,
    routes: app => {
      app.post('/login', (request, response, next) => {
        request.session.cart = 'of alice'
        answerAfter(expressSession.write(request, response, MARK, false), response, () => {
          if (request.query['streamed'] === undefined) return next(lost)
          response.status(503).write('not ')
          response.end('logged in')
        })
      })
    }
  })
  store.before = method => { if (method === 'set') throw lost }
  const user = guest()
  for (const path of ['/login', '/login?streamed']) {
    const answer = await user.request('POST', path)
    t.equal(answer.status, 503)
    t.same(cookiesIn(answer), [], path)
  }
  store.before = () => {}
  t.equal((await user.request('POST', '/login')).status, 200)
  t.match((await user.request('GET', '/read')).json(), { mark: MARK, cart: 'of alice' })
})

t.test('a store that keeps no note loses the old id all the same', async t => {
  const store = new FaultySessions()
  const { customer } = await shop(t, { store })
  const user = await customer()
  const thief = user.copy()
  let sets = 0
  store.before = method => { if (method === 'set' && ++sets === 2) throw lost }
  t.equal((await user.request('POST', `/rotate/${MARK}`)).status, 200)
  t.match((await user.request('GET', '/read')).json(), { mark: MARK, cart: 'full' })
  t.equal((await thief.request('GET', '/read')).json().cart, null)
})

t.test('a rotation that fails leaves no second session in the store', async t => {
  const store = new FaultySessions()
  const { customer } = await shop(t, { store })
  const user = await customer()
  const before = await store.ids()
  const own = (await user.request('GET', '/read')).json().id
  let sets = 0
  store.before = (method, id) => {
    if ((method === 'set' && ++sets === 2) || (method === 'destroy' && id === own)) throw lost
  }
  t.equal((await user.request('POST', `/rotate/${MARK}`)).status, 503)
  t.same(await store.ids(), before)
  t.same(before, [own])
})

t.test('a store that never answers ends the attempt, and later ones get their turn', async t => {
  const { pass } = deadlines(t)
  const store = new FaultySessions()
  const { customer } = await shop(t, { store })
  const user = await customer()
  for (const act of ['write', 'rotate']) {
    for (const hangs of ['get', 'set']) {
      const hung = gate()
      let calls = 0
      store.before = async method => {
        // The first look-up is express-session's own.
        if (method !== hangs || (hangs === 'get' && ++calls === 1)) return
        hung.open()
        await new Promise(() => {})
      }
      const answer = user.request('POST', `/${act}/${NEXT}`)
      await hung.passed
      store.before = () => {}
      pass()
      t.match((await answer).json(), { message: /unavailable at the moment/ })
      t.same(cookiesIn(await answer), [])
      t.match((await user.request('GET', '/read')).json(), { cart: 'full' })
    }
  }
  t.equal((await user.request('POST', `/rotate/${MARK}`)).status, 200)
  t.equal((await user.request('GET', '/read')).json().mark, MARK)
})

t.test('a store that throws ENOENT for a session that it doesn\'t have is well', async t => {
  const store = new FaultySessions()
  const { guest, customer } = await shop(t, {
    store,
    routes: app => {
      app.post('/first', (request, response, next) => {
        request.session.cart = 'new'
        answerAfter(expressSession.write(request, response, MARK, false), response, next)
      })
    }
  })
  store.before = async (method, id) => {
    if (method === 'get' && !(await store.ids()).includes(id)) {
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    }
  }
  t.equal((await guest().request('POST', '/first')).status, 200)
  t.equal((await (await customer()).request('POST', `/rotate/${MARK}`)).status, 200)
})

t.test('a request that is slower than a change of the mark doesn\'t bring the old mark back', async t => {
  for (const [path, status] of [['/slow/write', 503], ['/slow/rotate', 503], ['/slow/cart', 200]] as const) {
    const { customer, reached, opened } = await slowShop(t, { resave: true })
    const user = await customer()
    await user.request('POST', `/write/${MARK}`)
    const slow = user.copy().request('POST', path)
    await reached.passed
    const latest = newMark()
    await user.request('POST', `/write/${latest}`)
    opened.open()
    t.equal((await slow).status, status)
    t.equal((await slow).code, status === 503 ? 'ERR_TOTP_CONFLICT' : undefined)
    t.equal((await user.request('GET', '/read')).json().mark, latest)
  }
})

/** A shop whose slow routes wait, once they have begun, until the test says so. */
async function slowShop (t: Test, options: Parameters<typeof shop>[1] = {}) {
  const [reached, opened] = [gate(), gate()]
  const slowly = (act: (request: Request, response: Response) => unknown) =>
    (request: Request, response: Response, next: (error?: unknown) => void) => {
      reached.open()
      opened.passed.then(async () => await act(request, response)).catch(next)
    }
  const opening: Shop = await shop(t, {
    ...options,
    routes: app => {
      options.routes?.(app)
      app.post('/slow/write', slowly(async (request, response) => {
        await expressSession.write(request, response, NEXT, false)
        response.json({})
      }))
      app.post('/slow/rotate', slowly(async (request, response) => {
        await expressSession.write(request, response, NEXT, true)
        response.json({})
      }))
      app.post('/slow/cart', slowly((request, response) => {
        request.session.cart = 'changed'
        response.json({})
      }))
      app.post('/slow/nothing', slowly((_request, response) => response.json({})))
      app.post('/slow/save', slowly((request, response) => {
        request.session.cart = 'changed'
        request.session.save(() => response.json({}))
      }))
      app.post('/slow/stream', slowly((request, response) => {
        request.session.cart = 'changed'
        response.write('streamed ')
        response.end('to its end')
      }))
      app.post('/slow/head', slowly((request, response) => {
        request.session.cart = 'changed'
        response.writeHead(200).end('{}')
      }))
      app.post('/slow/reload', slowly((request, response) => {
        request.session.reload(error => {
          if (request.session !== undefined) request.session.cart = 'changed'
          response.json({ error: error?.message ?? null })
        })
      }))
      app.post('/reload/slow', (request, response, next) => {
        request.session.reload(() => slowly((request, response) => {
          request.session.cart = 'changed'
          response.json({ mark: expressSession.read(request) ?? null })
        })(request, response, next))
      })
      app.post('/saved/slow', (request, response, next) => {
        const goOn = slowly((request, response) => {
          request.session.cart = 'changed'
          response.json({})
        })
        const written = Promise.resolve(expressSession.write(request, response, NEXT, false))
        written.then(() => goOn(request, response, next), next)
      })
      for (const [path, end] of Object.entries(ENDS)) app.post(path, end)
    }
  })
  return { ...opening, reached, opened }
}

/** The ways in which hosts log users out. */
const ENDS: Readonly<Record<string, (request: Request, response: Response) => void>> = {
  '/destroy/waiting': (request, response) => { request.session.destroy(() => response.json({})) },
  '/destroy': (request, response) => {
    request.session.destroy(untyped(undefined))
    response.json({})
  },
  '/login/again': (request, response) => {
    request.session.regenerate(() => {
      request.session.cart = 'of the next login'
      response.json({})
    })
  },
  '/destroy/in-store': (request, response) => {
    request.sessionStore.destroy(request.session.id, () => response.json({}))
  }
}

const SLOW = [
  '/slow/write', '/slow/rotate', '/slow/cart', '/slow/nothing', '/slow/save', '/slow/stream', '/slow/head',
  '/slow/reload', '/reload/slow', '/saved/slow'
]
const SETTINGS = [
  {}, { resave: true }, { rolling: true }, { saveUninitialized: true }, { cookie: { maxAge: 3_600_000 } },
  { unset: 'destroy' }, { resave: true, rolling: true, saveUninitialized: true, cookie: { maxAge: 3_600_000 } }
] as const

t.test('a request that is slower than the end of its session doesn\'t bring it back', async t => {
  for (const path of SLOW) {
    for (const end of Object.keys(ENDS)) {
      for (const settings of end === '/destroy' ? SETTINGS : SETTINGS.slice(-1)) {
        const { customer, reached, opened } = await slowShop(t, settings)
        const user = await customer()
        const thief = user.copy()
        const slow = user.copy().request('POST', path)
        await reached.passed
        t.equal((await user.request('POST', end)).status, 200)
        opened.open()
        const message = `${path} ${end} ${JSON.stringify(settings)}`
        const answer = await slow
        t.same(cookiesIn(answer), [], message)
        if (/\/(write|rotate)$/.test(path)) t.match(answer.json(), { code: 'ERR_TOTP_UNIDENTIFIED' }, message)
        t.match((await thief.request('GET', '/read')).json(), { cart: null, mark: null }, message)
      }
    }
  }
})

t.test('ending a session waits until a request has saved it, so that it stays ended', async t => {
  for (const end of ['/destroy/waiting', '/destroy', '/login/again']) {
    const store = new FaultySessions()
    const [saving, saved, ending] = [gate(), gate(), gate()]
    const { customer } = await slowShop(t, {
      store,
      routes: app => {
        app.use(end, (_request, _response, next) => {
          ending.open()
          next()
        })
      }
    })
    const user = await customer()
    const thief = user.copy()
    let sets = 0
    store.before = async method => {
      if (method !== 'set' || ++sets > 1) return
      saving.open()
      await saved.passed
    }
    const writing = user.copy().request('POST', `/write/${MARK}`)
    await saving.passed
    const answer = user.request('POST', end)
    await ending.passed
    await new Promise(setImmediate)
    saved.open()
    t.equal((await writing).status, 200)
    t.equal((await answer).status, 200)
    t.match((await thief.request('GET', '/read')).json(), { cart: null, mark: null }, end)
  }
})

t.test('a request that is slower than a rotation leaves the cookie alone, and saves nothing', async t => {
  for (const path of SLOW) {
    for (const settings of SETTINGS) {
      const { customer, reached, opened } = await slowShop(t, settings)
      const user = await customer()
      const old = user.copy()
      const slow = old.copy().request('POST', path)
      await reached.passed
      // The one that has written its mark already refuses to be overtaken by a copy without one.
      t.equal((await user.request('POST', `/rotate/${MARK}`)).status, 200)
      opened.open()
      const message = `${path} ${JSON.stringify(settings)}`
      t.same(cookiesIn(await slow), [], message)
      t.match((await user.request('GET', '/read')).json(), { cart: 'full', mark: MARK }, message)
      const stolen = await old.request('GET', '/read')
      t.match(stolen.json(), { cart: null, mark: null }, message)
      t.same(cookiesIn(stolen), [], message)
    }
  }
})

t.test('a client that spells its cookie in another way is looked after as well', async t => {
  const spellings: ReadonlyArray<(value: string) => string> = [
    decodeURIComponent, value => `"${value}"`, value => [...decodeURIComponent(value)].map(percent).join('')
  ]
  for (const spell of spellings) {
    for (const path of ['/slow/write', '/slow/cart']) {
      const { customer, reached, opened } = await slowShop(t)
      const user = await customer()
      const [[name = '', value = ''] = []] = [...user.cookies]
      const thief = user.copy()
      thief.cookies.set(name, spell(value)).set('other', '%').set('another', '')
      t.match((await thief.request('GET', '/read')).json(), { cart: 'full' }, 'express-session reads it')
      const slow = thief.request('POST', path)
      await reached.passed
      await user.request('POST', '/destroy/waiting')
      opened.open()
      t.equal((await slow).status, path === '/slow/write' ? 401 : 200)
      t.match((await thief.request('GET', '/read')).json(), { cart: null })
    }
  }
})

t.test('so is a cookie that a parser has taken out of the headers', async t => {
  const takeOut: ReadonlyArray<(request: Request, value: string) => void> = [
    (request, value) => { request.cookies = { 'connect.sid': value } },
    (request, value) => { request.signedCookies = { 'connect.sid': value.slice(2, value.lastIndexOf('.')) } }
  ]
  for (const take of takeOut) {
    const { customer, reached, opened } = await slowShop(t, {
      before: app => {
        app.use((request, _response, next) => {
          const [, value] = /connect.sid=([^;]+)/.exec(request.headers.cookie ?? '') ?? []
          if (value !== undefined) take(request, decodeURIComponent(value))
          delete request.headers.cookie
          next()
        })
      }
    })
    const user = await customer()
    const slow = user.copy().request('POST', '/slow/write')
    await reached.passed
    await user.request('POST', '/destroy/waiting')
    opened.open()
    t.equal((await slow).status, 401)
  }
})

t.test('a session can be loaded again, saved and ended as before', async t => {
  const { customer } = await shop(t, {
    routes: app => {
      app.post('/go-on', async (request, response) => {
        const promised = async (act: (done: (error?: unknown) => void) => unknown) =>
          await new Promise<void>((resolve, reject) => { act(error => error ? reject(error) : resolve()) })
        await expressSession.write(request, response, MARK, request.query['rotate'] !== undefined)
        const { id } = request.session
        await promised(done => request.session.reload(done))
        const mark = expressSession.read(request)
        request.session.cart = 'empty'
        await promised(done => request.session.save(done))
        await promised(done => request.session.reload(done))
        const { cart } = request.session
        await expressSession.write(request, response, NEXT, true)
        const next = expressSession.read(request)
        const isRotated = request.session.id !== id
        await promised(done => request.session.destroy(done))
        response.json({ mark, cart, next, isRotated })
      })
    }
  })
  for (const path of ['/go-on', '/go-on?rotate']) {
    const user = await customer()
    t.same((await user.request('POST', path)).json(), { mark: MARK, cart: 'empty', next: NEXT, isRotated: true })
    t.equal((await user.request('GET', '/read')).json().cart, null)
  }
})

t.test('a session that was loaded again is saved before its cookie is sent', async t => {
  const store = new FaultySessions()
  const { customer } = await shop(t, {
    store,
    cookie: { maxAge: 3_600_000 },
    routes: app => {
      app.post('/reload', (request, response) => {
        request.session.reload(() => {
          request.session.cart = 'loaded again'
          response.json({})
        })
      })
    }
  })
  const user = await customer()
  t.equal(cookiesIn(await user.request('POST', '/reload')).length, 1)
  t.match((await user.request('GET', '/read')).json(), { cart: 'loaded again' })
  store.before = method => { if (method === 'set') throw lost }
  t.same(cookiesIn(await user.request('POST', '/reload')), [])
})

t.test('a session that has ended, or was rotated, can\'t be loaded again', async t => {
  const gone = { error: 'failed to load session' }
  for (const end of ['/destroy/in-store', `/rotate/${MARK}`]) {
    const { customer, reached, opened } = await slowShop(t)
    const user = await customer()
    const slow = user.copy().request('POST', '/slow/reload')
    await reached.passed
    await user.request('POST', end)
    opened.open()
    t.match((await slow).json(), gone, end)
  }
  const { customer, opened } = await slowShop(t)
  const user = await customer()
  const old = user.copy()
  await user.request('POST', `/rotate/${MARK}`)
  opened.open()
  t.match((await old.request('POST', '/slow/reload')).json(), gone, 'a note')
})

t.test('regenerating at login gives a new session, with or without a mark, also in place of a note', async t => {
  const { customer } = await shop(t, {
    routes: app => {
      app.post('/login', (request, response, next) => {
        request.session.regenerate(error => {
          if (error) return next(error)
          request.session.cart = 'of bob'
          const forgotten = request.query['forget'] === undefined
            ? Promise.resolve()
            : Promise.resolve(expressSession.write(request, response, NEXT, false))
          forgotten.then(() => response.json({}), next)
        })
      })
    }
  })
  for (const path of ['/login', '/login?forget']) {
    const user = await customer()
    const old = user.copy()
    await user.request('POST', `/rotate/${MARK}`)
    for (const person of [user, old]) {
      const thief = person.copy()
      t.equal(cookiesIn(await person.request('POST', path)).length, 1)
      t.match((await person.request('GET', '/read')).json(), {
        cart: 'of bob', mark: path === '/login' ? null : NEXT
      })
      t.match((await thief.request('GET', '/read')).json(), { cart: null, mark: null })
    }
  }
})

t.test('the host\'s own save is a save, and the store\'s error is its error', async t => {
  const store = new FaultySessions()
  const { customer } = await shop(t, {
    store,
    routes: app => {
      app.post('/save', (request, response) => {
        request.session.cart = 'saved'
        request.session.save(error => response.json({ error: error?.message ?? null }))
      })
      app.post('/save-without-callback', (request, response) => {
        request.session.cart = 'saved again'
        request.session.save().save()
        response.json({})
      })
    }
  })
  const user = await customer()
  t.same((await user.request('POST', '/save')).json(), { error: null })
  t.equal((await user.request('GET', '/read')).json().cart, 'saved')
  await user.request('POST', '/save-without-callback')
  t.equal((await user.request('GET', '/read')).json().cart, 'saved again')
  store.before = method => { if (method === 'set') throw lost }
  t.same((await user.request('POST', '/save')).json(), { error: lost.message })
})

t.test('two instances of the package keep their marks in one session', async t => {
  const other = expressSession.withEntry('otherMark')
  const { customer, reached, opened, warnings } = await slowShop(t, {
    routes: app => {
      app.use((request, response, next) => {
        const fail = (error: unknown) => t.fail(String(error))
        other.lookAfter(request, response, { warn: fail, fail })
        next()
      })
      for (const [path, rotate] of [['/other/write', false], ['/other/rotate', true]] as const) {
        app.post(path, (request, response, next) => {
          answerAfter(other.write(request, response, MARK, rotate), response, next)
        })
      }
      app.get('/other', (request, response) => { response.json({ mark: other.read(request) ?? null }) })
    }
  })
  const user = await customer()
  t.equal((await user.request('POST', '/other/write')).status, 200)
  t.equal((await user.request('POST', `/write/${NEXT}`)).status, 200)
  t.equal((await user.request('POST', `/rotate/${NEXT}`)).status, 200)
  t.equal((await user.request('POST', '/other/rotate')).status, 200)
  t.same((await user.request('GET', '/other')).json(), { mark: MARK })
  t.match((await user.request('GET', '/read')).json(), { mark: NEXT, cart: 'full' })
  const slow = user.copy().request('POST', '/slow/cart')
  await reached.passed
  await user.request('POST', `/write/${MARK}`)
  opened.open()
  t.equal((await slow).status, 200)
  t.match((await user.request('GET', '/read')).json(), { mark: MARK, cart: 'changed' })
  t.same(warnings, [])
})

t.test('dangerous settings are told once, and only those that are set', async t => {
  const count = (app: Shop['app']) => app.use((request, _response, next) => {
    if (request.path === '/read') Object.assign(request.session, { odd: Math.random() })
    next()
  })
  const rows = [
    [{}, []],
    [{ cookie: { maxAge: 3_600_000 } }, []],
    [{ front: count }, []],
    [{ front: count, cookie: { maxAge: 3_600_000 } }, []],
    [{ resave: true }, ['resave']],
    [{ rolling: true }, ['rolling']],
    [{ rolling: true, cookie: { maxAge: 3_600_000 } }, ['rolling']],
    [{ saveUninitialized: true }, ['saveUninitialized']],
    [{ resave: true, rolling: true, saveUninitialized: true }, ['resave', 'rolling', 'saveUninitialized']]
  ] as const
  for (const [settings, expected] of rows) {
    const { guest, customer, warnings } = await shop(t, settings)
    for (let i = 0; i < 2; i++) {
      for (const path of ['/missing', '/read']) await guest().request('GET', path)
      const user = await customer()
      for (const [method, path] of [
        ['GET', '/read'], ['GET', '/missing'], ['POST', `/write/${MARK}`], ['POST', `/rotate/${NEXT}`], ['GET', '/read'],
        ['POST', '/cart'], ['GET', '/missing']
      ] as const) await user.request(method, path)
    }
    t.same(warnings.map(warning => /has (\w+): true/.exec(warning)?.[1]).sort(), expected, JSON.stringify(settings))
    for (const warning of warnings) t.match(warning, /Set \w+: false$/)
  }
})

t.test('a cookie is prolonged where express-session would, if the session is stored', async t => {
  const front = (app: Shop['app']) => app.use((request, _response, next) => {
    if (request.session.cart !== undefined) request.session.odd = Math.random()
    next()
  })
  const rows = [{ rolling: true }, { front, cookie: { maxAge: 3_600_000 } }]
  for (const settings of rows) {
    const { customer } = await shop(t, settings)
    const user = await customer()
    for (let i = 0; i < 3; i++) t.equal(cookiesIn(await user.request('GET', '/read')).length, 1)
  }
})

t.test('an answer is ended once, and stays as it was', async t => {
  const { customer } = await shop(t, {
    routes: app => {
      app.post('/twice', (request, response) => {
        request.session.cart = 'changed'
        response.end('first')
        t.equal(response.end('second'), response)
      })
      app.post('/onwards', (request, response, next) => {
        request.session.cart = 'changed'
        response.setHeader('x-shop', 'ours')
        response.json({ fine: true })
        t.equal(response.writableEnded, true)
        response.removeHeader('x-shop')
        next()
      })
      app.use('/onwards', (_request, response) => {
        response.status(404).setHeader('content-type', 'text/html').setHeader('content-length', 99)
        response.setHeader('x-late', 'yes')
        response.end('not found')
      })
    }
  })
  const user = await customer()
  t.equal((await user.request('POST', '/twice')).text, 'first')
  const onwards = await user.request('POST', '/onwards')
  t.equal(onwards.status, 200)
  t.same(onwards.json(), { fine: true })
  t.equal(onwards.headers.get('x-shop'), 'ours')
  t.equal(onwards.headers.get('x-late'), null)
  t.match(onwards.headers.get('content-type'), /json/)
})

t.test('an answer that has begun can\'t carry the cookie of a new id', async t => {
  const { customer, guest, errors } = await shop(t, {
    routes: app => {
      app.post('/late/:rotate', (request, response, next) => {
        request.session.odd = 'begun'
        response.write('begun')
        const rotate = request.params.rotate === 'rotate'
        const written = Promise.resolve(expressSession.write(request, response, MARK, rotate))
        written.catch(next).finally(() => response.end())
      })
    }
  })
  const user = await customer()
  await user.request('POST', '/late/rotate')
  t.match((await user.request('GET', '/read')).json(), { mark: null, cart: 'full' })
  await user.request('POST', '/late/write')
  t.match((await user.request('GET', '/read')).json(), { mark: MARK, cart: 'full' })
  await guest().request('POST', '/late/write')
  t.same(errors.map(error => Object(error).message), Array(2).fill(
    'the answer has begun, and can\'t send the session\'s cookie any more'))
})

t.test('a rotation that is slower than its answer leaves the old session', async t => {
  const store = new FaultySessions()
  const { customer } = await shop(t, {
    store,
    routes: app => {
      app.post('/impatient', (request, response) => {
        t.rejects(async () => await expressSession.write(request, response, MARK, true), { message: /has begun/ })
          .then(() => { ended.open() }, t.fail)
        reached.passed.then(() => response.status(503).end())
      })
    }
  })
  const [reached, opened, ended] = [gate(), gate(), gate()]
  const user = await customer()
  store.before = async method => {
    if (method !== 'set') return
    reached.open()
    await opened.passed
  }
  t.equal((await user.request('POST', '/impatient')).status, 503)
  opened.open()
  await ended.passed
  t.match((await user.request('GET', '/read')).json(), { cart: 'full', mark: null })
})

t.test('without a session nothing is read or written, and the error tells what to do', async t => {
  const none = { message: /no session of express-session: its middleware must stand in front.*be connected/ }
  const whole = { regenerate () {}, save () {}, id: 'id', cookie: {} }
  for (const session of [undefined, null, 5, {}]) {
    t.throws(() => expressSession.read({ session }), none)
    await t.rejects(async () => await expressSession.write({ session }, untyped({}), MARK, true), none)
  }
  for (const name of Object.keys(whole)) {
    const session = Object.fromEntries(Object.entries(whole).filter(([key]) => key !== name))
    t.throws(() => expressSession.read({ session }), none, `no ${name}`)
  }
  t.doesNotThrow(() => expressSession.lookAfter({}, untyped({}), { warn () {}, fail () {} }))
  const stray = { session: whole, headers: {} }
  await t.rejects(async () => await expressSession.write(stray, untyped({}), MARK, true), {
    message: 'the request has no sessionStore of express-session'
  })
})

t.test('without a session the answer is 503, and the log tells what to do', async t => {
  const store = new FaultySessions()
  const errors: Error[] = []
  const totp = createTotp({
    issuer: 'Acme',
    keys: [randomBytes(32)],
    store: memoryStore(),
    session: expressSession,
    identify: () => 'alice',
    log: error => { errors.push(error) }
  })
  const lose: Readonly<Record<string, (request: Request) => void>> = {
    'it was deleted': request => { Reflect.deleteProperty(request, 'session') },
    'it was ended': request => { Reflect.set(request, 'session', null) },
    'the store is not connected': () => {},
    'its middleware is missing': request => {
      for (const name of ['session', 'sessionStore', 'sessionID']) Reflect.deleteProperty(request, name)
    }
  }
  for (const [why, act] of Object.entries(lose)) {
    const { guest } = await shop(t, {
      store,
      front: app => {
        app.use((request, _response, next) => {
          act(request)
          next()
        })
        app.use(totp.routes())
        app.get('/vault', totp.required(), (_request, response) => { response.json({ vault: 'gold' }) })
      }
    })
    if (why.includes('connected')) store.emit('disconnect')
    for (const [method, path] of [['GET', '/vault'], ['POST', '/totp/factors']] as const) {
      const answer = await guest().request(method, path)
      t.equal(answer.status, 503, why)
      t.equal(answer.code, 'ERR_TOTP_STORE')
      t.same(cookiesIn(answer), [])
      t.match(errors.pop()?.cause, { message: /must stand in front of this one, and its store must be connected/ })
    }
    store.emit('connect')
  }
})

t.test('anything but a mark is refused at once', async t => {
  for (const mark of [undefined, null, () => {}, { mark: MARK }, 'short']) {
    t.throws(() => Reflect.apply(expressSession.write, undefined, [{}, {}, mark]), {
      message: 'write takes a mark; to guard a route, use totp.required()'
    })
  }
})

/** Answers once the mark is written. */
function answerAfter (writing: void | Promise<void>, response: Response, next: NextFunction): void {
  Promise.resolve(writing).then(() => response.json({}), next)
}

function percent (character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`
}
