import auth from '@fastify/auth'
import fp from 'fastify-plugin'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import t, { type Test } from 'tap'
import * as everything from '../../src/index.js'
import { site } from '../site.js'
import { untyped } from '../untyped.js'
import type { Visitor } from '../visitor.js'

const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED', headers: { 'cache-control': 'no-store' } }
const NOT_ENROLLED = { status: 403, code: 'ERR_TOTP_NOT_ENROLLED', headers: { 'cache-control': 'no-store' } }
const UNIDENTIFIED = { status: 401, code: 'ERR_TOTP_UNIDENTIFIED', headers: { 'cache-control': 'no-store' } }

type Put = (app: FastifyInstance, handler: () => Promise<object>) => void | Promise<void>

/** Where a hook may stand. */
const PLACES: Readonly<Record<string, Put>> = {
  'preHandler of a route': (app, handler) => {
    app.get('/guarded', { preHandler: app.totp.required() }, handler)
  },
  'onRequest of a route': (app, handler) => {
    app.get('/guarded', { onRequest: app.totp.required() }, handler)
  },
  'preValidation of a route': (app, handler) => {
    app.get('/guarded', { preValidation: app.totp.required() }, handler)
  },
  'a list of hooks': (app, handler) => {
    app.get('/guarded', { preHandler: [async () => {}, app.totp.required(), async () => {}] }, handler)
  },
  'lists of onRequest hooks': (app, handler) => {
    app.get('/guarded', { onRequest: [app.totp.required(), app.totp.required({ maxAge: 600 })] }, handler)
  },
  'a hook of the scope, before the route': async (app, handler) => {
    await app.register(async scope => {
      scope.addHook('preHandler', app.totp.required())
      scope.get('/guarded', handler)
    })
  },
  'a hook of the scope, behind the route': async (app, handler) => {
    await app.register(async scope => {
      scope.get('/guarded', handler)
      scope.addHook('onRequest', app.totp.required())
    })
  },
  'a hook of the scope above, under a prefix': async (app, handler) => {
    await app.register(async scope => {
      scope.addHook('onRequest', app.totp.required())
      await scope.register(async child => { child.get('/guarded', handler) })
      await scope.register(async child => { child.get('/guarded', handler) }, { prefix: '/deep' })
    })
  },
  'a hook from a plugin that breaks encapsulation': async (app, handler) => {
    await app.register(async scope => {
      await scope.register(fp(async inner => { inner.addHook('preHandler', inner.totp.required()) }))
      scope.get('/guarded', handler)
    })
  },
  '@fastify/auth': async (app, handler) => {
    await app.register(auth)
    await app.after()
    app.get('/guarded', { preHandler: app.auth([app.totp.required()]) }, handler)
  },
  '@fastify/auth, one of two': async (app, handler) => {
    await app.register(auth)
    await app.after()
    const never = async () => { throw new Error('not this way') }
    app.get('/guarded', { preHandler: app.auth([never, app.totp.required()], { relation: 'or' }) }, handler)
  }
}

for (const [place, put] of Object.entries(PLACES)) {
  t.test(`as ${place}, the guard lets in who is approved and nobody else`, async t => {
    let handled = 0
    const { login, visitor, now, app } = await site(t, {
      routes: async app => await put(app, async () => { handled++; return { gold: true } })
    })
    await app.ready()
    t.match(await visitor().get('/guarded'), UNIDENTIFIED)
    const alice = await login('alice')
    t.match(await alice.get('/guarded'), NOT_ENROLLED)
    await alice.enrollVerified(now())
    const spare = await login('alice')
    t.match(await spare.get('/guarded'), REQUIRED)
    t.match(await spare.request('HEAD', '/guarded'), { status: 403, text: '' })
    t.notMatch((await spare.request('OPTIONS', '/guarded')), { status: 200 })
    t.equal(handled, 0)
    t.match(await alice.get('/guarded'), { status: 200, text: /gold/ })
    t.match(await alice.request('HEAD', '/guarded'), { status: 200, text: '' })
    t.equal(handled, 2)
    if (app.hasRoute({ method: 'GET', url: '/deep/guarded' })) {
      t.match(await spare.get('/deep/guarded'), REQUIRED)
      t.match(await alice.get('/deep/guarded'), { status: 200 })
    }
  })
}

t.test('a guard over the whole server covers what is declared before and behind it, children and 404', async t => {
  let handled = 0
  const handler = async () => { handled++; return {} }
  const { app, login, visitor, now } = await site(t, {
    host: app => { app.get('/earlier', handler) },
    routes: async app => {
      const guard = app.totp.required()
      app.addHook('preHandler', async (request, reply) => {
        // Logging in has to be possible without.
        if (request.routeOptions.url !== '/login') await guard(request, reply)
      })
      app.all('/later', handler)
      app.options('/asked', handler)
      await app.register(async child => { child.get('/child', handler) }, { prefix: '/a' })
      app.setNotFoundHandler(handler)
    }
  })
  await app.ready()
  const alice = await login('alice')
  const paths = [
    ['GET', '/earlier'], ['GET', '/later'], ['POST', '/later'], ['PUT', '/later'], ['PATCH', '/later'],
    ['DELETE', '/later'], ['HEAD', '/later'], ['OPTIONS', '/asked'], ['GET', '/a/child'], ['HEAD', '/earlier'],
    ['GET', '/later?x=/totp/factors'], ['GET', '/later#/totp'], ['GET', '/totp/../later'], ['GET', '/totp/nothing'],
    ['GET', '/nothing'], ['GET', '//later'], ['GET', '/Later'], ['GET', '/later/'], ['GET', '/%6cater']
  ] as const
  for (const [method, url] of paths) {
    t.match(await alice.request(method, url), { status: 403 }, `${method} ${url}`)
    t.match(await visitor().request(method, url), { status: 401 }, `${method} ${url}`)
  }
  t.equal(handled, 0)

  const factor = await alice.enrollVerified(now())
  t.match(await alice.get('/totp/factors'), { status: 200 }, 'the routes of the plugin judge for themselves')
  for (const [method, url] of paths) {
    t.match(await alice.request(method, url), { status: 200 }, `${method} ${url}`)
  }
  const spare = await login('alice')
  t.match(await spare.get('/totp/factors'), { status: 200, text: factor.sid })
  t.match(await spare.post('/totp/factors', {}), REQUIRED)
  t.match(await spare.delete('/totp/approval'), { status: 204 })
})

t.test('a guard over the scope of the plugin lets an unapproved user enroll and answer a challenge', async t => {
  const { login, visitor, now, wait } = await site(t, {
    host: app => {
      app.addHook('onRequest', async (request, reply) => {
        if (!request.url.startsWith('/log')) await app.totp.required()(request, reply)
      })
    }
  })
  const alice = await login('alice')
  t.match(await alice.vault(), NOT_ENROLLED)
  const factor = await alice.enrollVerified(now())
  wait(30)
  const spare = await login('alice')
  t.match(await spare.vault(), REQUIRED)
  t.match(await spare.challenge(factor.code(now())), { status: 200 })
  t.match(await spare.vault(), { status: 200 })
  t.match(await visitor().get('/totp/factors'), UNIDENTIFIED)
})

t.test('what the host puts into the scope of the plugin stays behind a guard', async t => {
  let handled = 0
  const { login, now } = await site(t, {
    host: app => {
      const guard = async (request: FastifyRequest, reply: FastifyReply) => {
        if (!request.url.startsWith('/log')) await app.totp.required()(request, reply)
      }
      const handler = async () => { handled++ }
      app.addHook('onRequest', guard)
      app.addHook('onRegister', scope => {
        if (scope.prefix === '/totp') scope.get('/meta', handler)
      })
      app.addHook('onRoute', function ({ url, method }) {
        if (url === '/totp/approval' && method === 'DELETE') this.get('/help', handler)
      })
      app.setNotFoundHandler({ preHandler: guard }, handler)
      app.addHook('preValidation', async (request, reply) => {
        if (request.url.endsWith('?lost')) reply.callNotFound()
      })
    }
  })
  const alice = await login('alice')
  await alice.enrollVerified(now())
  const spare = await login('alice')
  for (const path of ['/totp/meta', '/totp/help', '/totp/nothing']) t.match(await spare.get(path), REQUIRED, path)
  t.match(await spare.get('/totp/factors?lost'), REQUIRED)
  t.equal(handled, 0)
  t.match(await alice.get('/totp/meta'), { status: 200 })
  t.equal(handled, 1)
})

t.test('a route of the host is not taken for one of the plugin, whatever its config says', async t => {
  let handled = 0
  const configs: Array<Record<string | symbol, unknown>> = [
    { totp: true },
    { ownRoute: true },
    { OWN_ROUTE: true },
    { 'fastify-verify-totp route': true },
    { 'Symbol(fastify-verify-totp route)': true },
    { [Symbol('fastify-verify-totp route')]: true },
    { [Symbol.for('fastify-verify-totp route')]: true }
  ]
  const { login } = await site(t, {
    routes: app => {
      app.addHook('onRequest', async (request, reply) => {
        if (request.url !== '/login') await app.totp.required()(request, reply)
      })
      configs.forEach((config, i) => { app.get(`/forged/${i}`, { config }, async () => { handled++ }) })
      app.get('/totp/forged', async () => { handled++ })
    }
  })
  const alice = await login('alice')
  for (const i of configs.keys()) t.match(await alice.get(`/forged/${i}`), NOT_ENROLLED, String(i))
  t.match(await alice.get('/totp/forged'), NOT_ENROLLED, 'nor is one below the prefix')
  t.equal(handled, 0)
})

t.test('maxAge is exact: a code of 60 seconds ago passes, one of 61 does not', async t => {
  const { alice, factor, now, wait } = await approved(t)
  t.match(await alice.post('/transfer'), { status: 200 })
  wait(60)
  t.match(await alice.post('/transfer'), { status: 200 })
  wait(1)
  t.match(await alice.post('/transfer'), REQUIRED)
  t.match(await alice.vault(), { status: 200 }, 'other routes ask for less')
  t.match(await alice.challenge(factor.code(now())), { status: 200 })
  t.match(await alice.post('/transfer'), { status: 200 })
})

t.test('the absolute limit is exact as well, and no use of the approval moves it', async t => {
  const { alice, wait } = await approved(t)
  for (let hours = 1; hours <= 12; hours++) {
    wait(3600)
    t.match(await alice.vault(), { status: 200 })
  }
  wait(1)
  t.match(await alice.vault(), REQUIRED)
})

t.test('an approval of the future is none, but for half a minute', async t => {
  const { alice, factor, now, wait } = await approved(t)
  wait(-30)
  t.match(await alice.vault(), { status: 200 })
  wait(-1)
  t.match(await alice.vault(), REQUIRED)
  wait(31)
  t.match(await alice.vault(), { status: 200 })
  wait(-3600)
  t.match(await alice.vault(), REQUIRED)
  t.match(await alice.challenge(factor.code(now())), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' },
    'steps before the burnt one are spent, too')
})

t.test('required throws at once what no route can ask for', async t => {
  const { app } = await site(t)
  const wrong: ReadonlyArray<[options: unknown, named: string]> = [
    [{ maxAge: 0 }, 'required.maxAge'],
    [{ maxAge: -1 }, 'required.maxAge'],
    [{ maxAge: 1.5 }, 'required.maxAge'],
    [{ maxAge: NaN }, 'required.maxAge'],
    [{ maxAge: Infinity }, 'required.maxAge'],
    [{ maxAge: '300' }, 'required.maxAge'],
    [{ maxAge: null }, 'required.maxAge'],
    [{ maxAge: 43201 }, 'required.maxAge'],
    [{ unenrolled: true }, 'required.unenrolled'],
    [{ unenrolled: 'permit' }, 'required.unenrolled'],
    [{ unenrolled: null }, 'required.unenrolled'],
    [{ maxage: 300 }, 'required.maxage'],
    [null, 'required'],
    [300, 'required'],
    ['allow', 'required']
  ]
  for (const [options, named] of wrong) {
    t.throws(() => Reflect.apply(app.totp.required, app.totp, [options]),
      { code: 'ERR_TOTP_INVALID_OPTION', message: `"${named}"` }, JSON.stringify(options))
  }
  t.doesNotThrow(() => app.totp.required({ maxAge: 43200 }))
  t.doesNotThrow(() => app.totp.required({ maxAge: 1, unenrolled: 'allow' }))
})

t.test('unenrolled "allow" lets pass who has no factor, tells of it, and stops who has one', async t => {
  const seen: unknown[] = []
  const { login, visitor, events, now } = await site(t, {
    routes: app => {
      app.get('/lenient', { preHandler: app.totp.required({ unenrolled: 'allow' }) }, async request => {
        seen.push(request.totp)
        return {}
      })
    }
  })
  const alice = await login('alice')
  t.match(await visitor().get('/lenient'), UNIDENTIFIED)
  t.match(await alice.get('/lenient'), { status: 200 })
  t.same(seen, [null])
  await new Promise(setImmediate)
  t.match(events, [{ type: 'guard.unenrolled', identity: 'alice', factorSid: null, at: now() }])
  t.equal(events.length, 1)
  const factor = await alice.enroll()
  t.match(await alice.get('/lenient'), { status: 200 }, 'an unverified factor is none')
  await alice.post(`/totp/factors/${factor.sid}/verify`, { code: factor.code(now()) })
  t.match(await alice.get('/lenient'), { status: 200 })
  t.match(seen[2], { factorSid: factor.sid })
  t.match(await (await login('alice')).get('/lenient'), REQUIRED)
})

t.test('without a factor, unenrolled decides, whatever lock is left', async t => {
  const { app, login, now } = await site(t, {
    totp: { attempts: { lockAfter: 1 } },
    routes: app => { app.get('/lenient', { preHandler: app.totp.required({ unenrolled: 'allow' }) }, async () => ({})) }
  })
  const alice = await login('alice')
  const factor = await alice.enrollVerified(now())
  await (await login('alice')).challenge(factor.wrongCode(now()))
  t.match(await (await login('alice')).get('/lenient'), { status: 429, code: 'ERR_TOTP_LOCKED' })
  await app.totp.remove({ identity: 'alice', operator: true }, factor.sid)
  t.match(await alice.get('/lenient'), { status: 200 })
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
})

t.test('request.totp is null, or the approval of this very request', async t => {
  const { app, login, now } = await site(t, {
    routes: app => {
      app.get('/open', async request => ({ approval: request.totp }))
      app.get('/who', { preHandler: app.totp.required() }, async request => {
        const before = request.totp
        await new Promise(setImmediate)
        return { before, after: request.totp, user: request.session.userId }
      })
    }
  })
  const people = new Map<string, { approved: Visitor, unapproved: Visitor, sid: string }>()
  for (const name of ['alice', 'bob', 'carol']) {
    const approved = await login(name)
    const { sid } = await approved.enrollVerified(now())
    people.set(name, { approved, unapproved: await login(name), sid })
  }
  t.match((await people.get('alice')?.approved.get('/open'))?.json(), { approval: null }, 'without a guard')

  const asked = Array.from({ length: 200 }, async (_, i) => {
    const name = ['alice', 'bob', 'carol'][i % 3] ?? ''
    const person = people.get(name)
    if (person === undefined) throw new Error(`there is no ${name}`)
    const { approved, unapproved, sid } = person
    if (i % 4 === 3) {
      const { status, code } = await unapproved.get('/who')
      t.same([status, code], [403, 'ERR_TOTP_CHALLENGE_REQUIRED'])
      return
    }
    const { before, after, user } = (await approved.get('/who')).json()
    t.same([user, before.factorSid, after.factorSid], [name, sid, sid])
  })
  await Promise.all(asked)
  t.equal(app.hasRequestDecorator('totp'), true)
})

t.test('no header of a client is a switch', async t => {
  const { login, visitor, now } = await site(t)
  const alice = await login('alice')
  await alice.enrollVerified(now())
  const spare = await login('alice')
  for (const headers of [
    { 'x-2fa-skip': 'true' }, { 'x-totp': 'approved' }, { 'x-internal': '1' }, { 'x-authenticated': 'true' },
    { 'x-forwarded-for': '127.0.0.1' }, { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'localhost' },
    { 'x-real-ip': '::1' }, { 'x-original-url': '/totp/factors' }, { 'x-rewrite-url': '/totp/factors' },
    { 'x-http-method-override': 'OPTIONS' }, { 'x-user': 'alice' }, { host: 'localhost' }, { 'x-mark': 'x'.repeat(22) }
  ]) {
    t.match(await spare.request('GET', '/vault', undefined, headers), REQUIRED, JSON.stringify(headers))
    t.match(await visitor().request('GET', '/vault', undefined, headers), UNIDENTIFIED, JSON.stringify(headers))
    t.match(await visitor().request('GET', '/totp/factors', undefined, headers), UNIDENTIFIED)
  }
})

t.test('one session\'s approval and mark are of no use to another session or user', async t => {
  const { login, alice, factor, now, wait } = await approved(t)
  const bob = await login('bob')
  await bob.enrollVerified(now())
  wait(30)
  t.match(await (await login('alice')).vault(), REQUIRED)
  t.match(await bob.request('GET', '/vault?identity=alice'), { status: 200, text: /gold/ })
  t.notMatch((await bob.vault()).text, factor.sid)
  await alice.post('/login', { username: 'bob' })
  t.match(await alice.vault(), REQUIRED, 'another user in the same browser')
})

t.test('app.totp.required, taken for a hook without being called, is an error and never the handler', async t => {
  for (const kind of ['preHandler', 'onRequest', 'preValidation', 'addHook'] as const) {
    let handled = 0
    const { login, alice } = await approved(t, app => {
      const hook = misused(app.totp.required)
      const handler = async () => { handled++ }
      if (kind === 'addHook') {
        app.register(async scope => {
          scope.addHook('preHandler', hook)
          scope.get('/mistaken', handler)
        })
      } else {
        app.get('/mistaken', { [kind]: hook }, handler)
      }
    })
    const mistake = { status: 500, code: 'ERR_TOTP_INVALID_OPTION', text: /not totp\.required itself/ }
    t.match(await alice.get('/mistaken'), mistake, kind)
    t.match(await (await login('alice')).get('/mistaken'), mistake, kind)
    t.equal(handled, 0)
  }
})

t.test('a guard after the handler is an error for every request, so that it never looks like one in front', async t => {
  const lines: string[] = []
  const phases = ['preSerialization', 'onSend'] as const
  const { login, now, wait } = await site(t, {
    log: line => { lines.push(line) },
    routes: app => {
      for (const phase of phases) {
        app.post(`/${phase}`, { [phase]: app.totp.required() }, async () => ({}))
        app.post(`/code/${phase}`, { [phase]: app.totp.required({ perRequest: true }) }, async () => ({}))
      }
    }
  })
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(60)
  const headers = { 'totp-code': phone.code(now()) }
  for (const phase of phases) {
    for (const path of [`/${phase}`, `/code/${phase}`]) {
      t.match(await alice.request('POST', path, {}, headers), { status: 500, code: 'ERR_TOTP_INVALID_OPTION' }, path)
    }
  }
  t.ok(lines.some(line => line.includes('the handler has run')), 'the log says why')
  t.match(await alice.challenge(phone.code(now())), { status: 200 }, 'and no code is spent')
})

t.test('nothing on app.totp lets a request through when taken for a hook', async t => {
  const { app: named } = await site(t)
  const names = Object.keys(named.totp)
  t.ok(names.includes('check') && names.includes('forget') && names.includes('keep'), names.join())
  for (const name of names) {
    await lettingNobodyThrough(t, `app.totp.${name}`, app => Reflect.get(app.totp, name))
  }
})

t.test('nothing exported lets a request through when taken for a hook', async t => {
  for (const [name, value] of Object.entries(everything)) {
    const functions = typeof value === 'function' ? { [name]: value } : value
    for (const [method, exported] of Object.entries(functions)) {
      await lettingNobodyThrough(t, `${name}, ${method}`, () => exported)
    }
  }
})

/** Fails when a request without an approval reaches the handler. A hook that waits for `done` may hang. */
async function lettingNobodyThrough (
  t: Test, name: string, of: (app: FastifyInstance) => unknown
): Promise<void> {
  let handled = 0
  let accepted = true
  const { app, login, visitor, now } = await site(t, {
    routes: app => {
      try {
        app.get('/mistaken', { preHandler: misused(of(app)) }, async () => { handled++; return 'gold' })
      } catch {
        accepted = false
      }
    }
  })
  if (!accepted) {
    t.pass(`${name} is refused at boot`)
    return
  }
  const enrolled = await login('alice')
  await enrolled.enrollVerified(now())
  for (const person of [visitor(), await login('bob'), await login('alice')]) {
    const url = '/mistaken'
    const answer = app.inject({ method: 'GET', url, headers: { cookie: person.cookieHeader() } })
    const turns = async () => {
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
      return { statusCode: 0, payload: '' }
    }
    const { statusCode, payload } = await Promise.race([answer, turns()])
    t.ok(statusCode === 0 || statusCode >= 400, `${name}: ${statusCode} ${payload}`)
    t.notMatch(payload, /gold/)
  }
  t.equal(handled, 0, name)
}

/** Something that the compiler would not take for a hook. */
function misused (value: unknown): onRequestHookHandler {
  return untyped(value)
}

async function approved (t: Test, routes: (app: FastifyInstance) => void = () => {}) {
  const made = await site(t, { routes })
  const alice = await made.login('alice')
  const factor = await alice.enrollVerified(made.now())
  return { ...made, alice, factor }
}

t.test('the hook has two arguments and is async, so that frameworks wait for it', async t => {
  const { app } = await site(t)
  const hook: (request: FastifyRequest, reply: FastifyReply) => Promise<void> = app.totp.required()
  t.equal(hook.length, 2)
  t.equal(hook.constructor.name, 'AsyncFunction')
})
