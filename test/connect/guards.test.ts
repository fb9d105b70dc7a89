import { setImmediate as turn } from 'node:timers/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import t from 'tap'
import {
  ChallengeRequiredError, createTotp, expressSession, InvalidOptionError, memoryStore, MisconfiguredError,
  NotEnrolledError, type ConnectTotpOptions, type SessionLog
} from '../../src/connect.js'
import { fastifySession, secureSession } from '../../src/index.js'
import { gate } from '../gate.js'
import { KEY } from '../site.js'
import { untyped } from '../untyped.js'
import { asking, secondFactor } from './factor.js'
import { KINDS, serve, type Handler, type Served } from './server.js'

type Options = Partial<ConnectTotpOptions<IncomingMessage, ServerResponse>>

/** Answers with what the guard found. */
const tell: Handler = (request, response) => {
  const { totp } = request
  response.end(JSON.stringify({ totp: totp === undefined ? 'undefined' : totp }))
}

const fail = (message: string): Handler => () => { throw new Error(message) }
const reject = (message: string): Handler => async () => { throw new Error(message) }

for (const kind of KINDS) {
  t.test(`a guard over everything on ${kind} stands after the routes; in front of them it closes them, too`, async t => {
    const factor = secondFactor()
    const { totp, login } = factor
    const served = await serve(t, kind, host => host.use(totp.routes(), totp.required(), tell))
    const alice = login('alice')
    t.match(await served.ask({ path: '/' }), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
    t.match(await served.ask({ path: '/', headers: alice }), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
    const { sid } = await factor.enroll(served, alice)
    t.match((await served.ask({ path: '/', headers: alice })).json(), { totp: { factorSid: sid, at: factor.now() } })

    const reversed = await serve(t, kind, host => host.use(totp.required(), totp.routes(), tell))
    t.match(await reversed.ask(asking('/totp/factors', login('bob'), {})), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  })

  t.test(`what a guard requires on ${kind}`, async t => {
    const factor = secondFactor()
    const { totp, login, wait, now } = factor
    const served = await serve(t, kind, host => {
      host.use(totp.routes())
      host.route('/open', tell)
      host.route('/guarded', totp.required(), tell)
      host.route('/anonymous', totp.required({ anonymous: 'allow' }), tell)
      host.route('/unenrolled', totp.required({ unenrolled: 'allow' }), tell)
      host.route('/recent', totp.required({ maxAge: 60 }), tell)
      host.route('/several', totp.required({ anonymous: 'allow', unenrolled: 'allow' }), totp.required(), totp.required({ maxAge: 60 }), tell)
    })
    const [alice, bob] = [login('alice'), login('bob')]
    const app = await factor.enroll(served, alice)
    const totpAt = async (path: string, headers = {}) => {
      const answer = await served.ask({ path, headers })
      return answer.status === 200 ? answer.json().totp : answer.code
    }
    const approval = { factorSid: app.sid, at: now() }
    const CASES: ReadonlyArray<readonly [
      path: string, stranger: unknown, unenrolled: unknown, approved: unknown, old: unknown
    ]> = [
      ['/open', 'undefined', 'undefined', 'undefined', 'undefined'],
      ['/guarded', 'ERR_TOTP_UNIDENTIFIED', 'ERR_TOTP_NOT_ENROLLED', approval, approval],
      ['/anonymous', null, 'ERR_TOTP_NOT_ENROLLED', approval, approval],
      ['/unenrolled', 'ERR_TOTP_UNIDENTIFIED', null, approval, approval],
      ['/recent', 'ERR_TOTP_UNIDENTIFIED', 'ERR_TOTP_NOT_ENROLLED', approval, 'ERR_TOTP_CHALLENGE_REQUIRED'],
      ['/several', 'ERR_TOTP_UNIDENTIFIED', 'ERR_TOTP_NOT_ENROLLED', approval, 'ERR_TOTP_CHALLENGE_REQUIRED']
    ]
    for (const [path, stranger, unenrolled, approved] of CASES) {
      t.strictSame(await totpAt(path), stranger, `${path}, no user`)
      t.strictSame(await totpAt(path, bob), unenrolled, `${path}, unenrolled`)
      t.match(await totpAt(path, alice), approved, `${path}, approved`)
    }
    wait(61)
    for (const [path, , , , old] of CASES) t.match(await totpAt(path, alice), old, `${path}, a minute later`)
    const refused = await served.ask({ path: '/recent', headers: alice })
    t.equal(refused.status, 401, 'the request had a bearer token')
    t.equal(refused.headers['www-authenticate'], 'Bearer error="insufficient_user_authentication", ' +
      'error_description="A recent challenge has to be approved", max_age="60"')
    t.equal(refused.headers['cache-control'], 'no-store')
  })

  t.test(`handlers that fail after a guard on ${kind} are answered with 500, and end no process`, async t => {
    const factor = secondFactor()
    const { totp, login } = factor
    const begin: Handler = (_request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('begun')
      throw new Error('it failed later')
    }
    const served = await serve(t, kind, host => {
      host.use(totp.routes())
      for (const [name, guard] of Object.entries({ required: totp.required(), sameSite: totp.sameSite() })) {
        host.route(`/${name}/throws`, guard, fail('a secret of the host'))
        // Express 4 and Connect don't look at the promises of handlers.
        if (kind === 'Express 5' || kind === 'node:http') host.route(`/${name}/rejects`, guard, reject('a secret of the host'))
        host.route(`/${name}/begins`, guard, begin)
      }
    })
    const headers = login('alice')
    await factor.enroll(served, headers)
    for (const name of ['required', 'sameSite']) {
      for (const way of kind === 'Express 5' || kind === 'node:http' ? ['throws', 'rejects'] : ['throws']) {
        const answer = await served.ask({ path: `/${name}/${way}`, headers })
        t.equal(answer.status, 500, `${name} ${way}`)
        if (kind === 'node:http') t.notMatch(answer.text, /secret|second factor/)
      }
      if (kind === 'node:http') await t.rejects(served.ask({ path: `/${name}/begins`, headers }), 'an answer that was begun is cut off')
    }
    t.equal((await served.ask({ path: '/totp/factors', headers })).status, 200, 'the server is still there')
    if (kind === 'node:http') t.equal(factor.logged.length, 6)
    else t.strictSame(factor.logged, [])
  })

  t.test(`onRefused answers refusals on ${kind}; the headers are set already`, async t => {
    let answering: NonNullable<Options['onRefused']> = () => {}
    const factor = secondFactor({ onRefused: async (...args) => await answering(...args) })
    const { totp, login, logged, wait } = factor
    const served = await serve(t, kind, host => {
      host.use(totp.routes(), totp.required(), tell)
      host.use(tell)
    })
    const bob = login('bob')
    const refusal = async (headers = {}) => await served.ask({ path: '/', headers })

    answering = (error, request, response) => {
      t.equal(request.url, '/')
      response.writeHead(303, { location: '/challenge' }).end(String(untyped(error).code))
    }
    t.match(await refusal(bob), { status: 303, text: 'ERR_TOTP_NOT_ENROLLED', headers: { 'cache-control': 'no-store' } })

    answering = async (_error, _request, response) => {
      await turn()
      response.end('later')
    }
    t.match(await refusal(bob), { status: 200, text: 'later' })

    answering = (error, _request, _response, next) => next(error)
    t.equal((await refusal(bob)).status, 403)
    t.equal((await refusal()).status, 401)
    t.strictSame(logged, [])

    for (const way of [fail('ours'), reject('ours')]) {
      answering = untyped(way)
      t.match(await refusal(bob), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
    }
    t.strictSame(logged.splice(0), Array(2).fill('totp: onRefused failed; ours; '))

    answering = (_error, _request, response) => {
      response.end('a page')
      throw new Error('too late')
    }
    t.match(await refusal(bob), { status: 200, text: 'a page' })
    answering = (_error, _request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('begun')
      throw new Error('too late')
    }
    await t.rejects(refusal(bob), 'an answer that was begun is cut off')
    t.strictSame(logged.splice(0), Array(2).fill('totp: onRefused failed; too late; '))

    const alice = login('alice')
    await factor.enroll(served, alice)
    wait(43201)
    answering = (_error, _request, response) => { response.end() }
    t.match((await refusal(alice)).headers, { 'www-authenticate': /^Bearer error="insufficient_user_authentication"/ })
  })

  t.test(`no next of onRefused lets a request pass on ${kind}`, async t => {
    let given: unknown
    const { totp, login } = secondFactor({ onRefused: (_error, _request, _response, next) => next(given) })
    const served = await serve(t, kind, host => host.use(totp.required(), tell))
    for (given of [undefined, null, false, 0, '', 'route', 'router']) {
      t.equal((await served.ask({ path: '/', headers: login('alice') })).status, 403, `next(${String(given)})`)
    }
    given = Object.assign(new Error('teapot'), { statusCode: 418, status: 418 })
    t.equal((await served.ask({ path: '/', headers: login('alice') })).status, 418, 'an error of the host is passed on')
  })

  t.test(`sameSite on ${kind}`, async t => {
    const { totp, login, logged } = secondFactor({ trustedOrigins: ['https://app.example'] })
    const served = await serve(t, kind, host => host.use(totp.sameSite(), tell))
    const ask = async (method: string, headers: Record<string, string>) =>
      await served.ask({ method, path: '/', headers: { ...login('alice'), ...headers } })
    t.match(await ask('POST', {}), { status: 200, headers: { 'cache-control': 'no-store' } })
    t.match(await ask('POST', { origin: 'https://app.example' }), { status: 200 })
    t.match(await ask('GET', { origin: 'https://evil.example' }), { status: 200 })
    t.strictSame(logged, [])
    t.match(await ask('POST', { origin: 'https://evil.example' }), { status: 403, code: 'ERR_TOTP_CROSS_SITE' })
    t.match(await ask('DELETE', { 'sec-fetch-site': 'cross-site' }), { status: 403, headers: { 'cache-control': 'no-store' } })
    t.equal(logged.length, 2)
  })
}

t.test('an onRefused that answers nothing leaves the request to the host', async t => {
  const asked = gate()
  let response: ServerResponse | undefined
  const { totp, login } = secondFactor({
    onRefused (_error, _request, given) { response = given; asked.open() }
  })
  const served = await serve(t, 'Express 5', host => host.use(totp.required(), tell))
  const answer = served.ask({ path: '/', headers: login('alice') })
  await asked.passed
  response?.end('by the host')
  t.match(await answer, { text: 'by the host' })
})

t.test('a guard that is called without next answers, whether it would let pass or not', async t => {
  const factor = secondFactor()
  const { totp, login, logged } = factor
  const guard = totp.required()
  const served = await serve(t, 'node:http', host => host.use(totp.routes(), (request, response) => guard(request, response)))
  const alice = login('alice')
  t.match(await served.ask({ path: '/', headers: alice }), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  await factor.enroll(served, alice)
  const answer = await served.ask({ path: '/', headers: alice })
  t.match(answer, { status: 500, code: 'ERR_TOTP_INVALID_OPTION' })
  t.notMatch(answer.text, /next/)
  t.equal(logged.length, 1)
  t.match(logged.join(), /fastify-verify-totp: a guard has no next: call it with a third argument/)

  const siteGuard = totp.sameSite()
  const bare = await serve(t, 'node:http', host => host.use((request, response) => siteGuard(request, response)))
  t.match(await bare.ask({ method: 'POST', path: '/' }), { status: 500 })
  t.match(await bare.ask({ method: 'POST', path: '/', headers: { 'sec-fetch-site': 'cross-site' } }), { status: 403 })
})

t.test('wrong and unknown options stop the boot, and say which', async t => {
  const good = { issuer: 'Acme', keys: [KEY], store: memoryStore(), identify: () => 'alice', session: { read: () => undefined, write: () => {} } }
  const boot = (options: object) => () => createTotp(untyped({ ...good, ...options }))
  t.doesNotThrow(boot({ onRefused: () => {}, log: () => {} }))
  const CASES: ReadonlyArray<readonly [object, RegExp]> = [
    [{ routes: true }, /option "routes" is unknown/],
    [{ logLevel: 'info' }, /option "logLevel" is unknown/],
    [{ onrefused: () => {} }, /option "onrefused" is unknown/],
    [{ onRefused: 'page' }, /option "onRefused" must be a function/],
    [{ log: console }, /option "log" must be a function/],
    [{ session: undefined }, /option "session" is needed: pass expressSession, cookieSession, tokenSession\(…\), or/],
    [{ session: {} }, /option "session" must have read and write/],
    [{ session: fastifySession }, /option "session" must be expressSession.*for Fastify/],
    [{ session: secureSession }, /option "session" must be expressSession.*for Fastify/],
    [{ issuer: '' }, /option "issuer"/],
    [{ prefix: 'totp' }, /option "prefix"/],
    [{ identify: undefined }, /option "identify"/],
    [{ store: undefined }, /option "store"/]
  ]
  for (const [options, message] of CASES) t.throws(boot(options), { code: 'ERR_TOTP_INVALID_OPTION', message })
  for (const options of [undefined, null, 'options', []]) t.throws(() => createTotp(untyped(options)), { code: 'ERR_TOTP_INVALID_OPTION' })
  const { totp } = secondFactor()
  for (const wrong of [{ maxAge: 0 }, { maxage: 60 }, { maxAge: 43201 }, { unenrolled: 'permit' }, { anonymous: true }, null, 60]) {
    t.throws(() => totp.required(untyped(wrong)), { code: 'ERR_TOTP_INVALID_OPTION', message: /required/ })
  }
})

t.test('options that fail while the server runs answer 500, and only the log learns of them', async t => {
  const { totp, login, logged } = secondFactor({ friendlyName: untyped(() => 42) })
  const served = await serve(t, 'Express 5', host => host.use(totp.routes()))
  const answer = await served.ask(asking('/totp/factors', login('alice'), {}))
  t.match(answer, { status: 500, code: 'ERR_TOTP_INVALID_OPTION' })
  t.notMatch(answer.text, /friendlyName/)
  t.equal(logged.length, 1)
  t.match(logged.join(), /friendlyName/)
})

t.test('a log that throws or rejects changes nothing', async t => {
  for (const log of [fail('full'), reject('full')]) {
    const { totp, login } = secondFactor({ log: untyped(log), identify: () => { throw new Error('down') } })
    const served = await serve(t, 'node:http', host => host.use(totp.routes(), totp.required(), tell))
    for (const path of ['/totp/factors', '/']) {
      t.match(await served.ask({ path, headers: login('alice') }), { status: 500, code: 'ERR_TOTP_IDENTITY' })
    }
  }
})

t.test('without a log of its own, errors go to the console', async t => {
  const told: unknown[][] = []
  t.intercept(console, 'error', { value: (...args: unknown[]) => { told.push(args) } })
  const { totp } = secondFactor(untyped({ log: undefined, identify: () => { throw new Error('down') } }))
  const served = await serve(t, 'node:http', host => host.use(totp.routes()))
  await served.ask({ path: '/totp/factors' })
  t.match(told, [['totp: a request was refused', { code: 'ERR_TOTP_IDENTITY', cause: { message: 'down' } }]])
})

t.test('a store that fails closes the guard, and the log has the cause', async t => {
  const store = { ...memoryStore(), get: async () => { throw new Error('ECONNREFUSED') } }
  const { totp, login, logged } = secondFactor({ store: untyped(store) })
  const served = await serve(t, 'Express 4', host => host.use(totp.required(), tell))
  t.match(await served.ask({ path: '/', headers: login('alice') }), { status: 503, code: 'ERR_TOTP_STORE' })
  t.equal(logged.length, 1)
  t.match(logged.join(), /ECONNREFUSED/)
})

t.test('a session that cannot be looked after is an error, and ends no process', async t => {
  const { totp } = secondFactor({ session: untyped(expressSession) })
  const broken: Handler = (request, _response, next) => {
    Object.defineProperty(request, 'session', { get: () => { throw new Error('torn') } })
    return next()
  }
  const served = await serve(t, 'node:http', host => {
    host.use(broken, totp.routes())
    host.route('/', totp.required(), tell)
  })
  for (const path of ['/totp/factors', '/']) t.equal((await served.ask({ path })).status, 500, path)
})

for (const kind of KINDS) {
  t.test(`what is thrown on ${kind} and is no error opens no guard, whatever onRefused makes of it`, async t => {
    let thrown: unknown
    const onRefused: Options['onRefused'] = (error, _request, _response, next) => next(error)
    const torn: Handler = (request, _response, next) => {
      // Sessions of hosts are objects with code of their own.
      Object.defineProperty(request, 'session', { get: () => { throw thrown } })
      return next()
    }
    const { totp } = secondFactor({ session: untyped(expressSession), onRefused })
    const served = await serve(t, kind, host => {
      host.use(torn)
      host.route('/', totp.required(), (_request, response) => response.end('open'))
    })
    for (thrown of [undefined, null, false, 0, '', 'route', 'router', 5, () => {}, Symbol('torn')]) {
      const { status, text } = await served.ask({ path: '/' })
      t.ok(status >= 400, `${typeof thrown}: ${status}`)
      t.not(text, 'open')
    }
  })
}

t.test('a wrapper that refuses headers opens no guard, and ends no process', async t => {
  for (const kind of KINDS) {
    const { totp, login, logged } = secondFactor()
    const refuseHeaders: Handler = (_request, response, next) => {
      const { setHeader } = response
      response.setHeader = (name, value) => {
        if (name === 'cache-control') throw new Error('no header of yours')
        return setHeader.call(response, name, value)
      }
      return next()
    }
    const served = await serve(t, kind, host => {
      host.use(refuseHeaders, totp.routes())
      host.route('/', totp.required(), tell)
      host.route('/site', totp.sameSite(), tell)
    })
    for (const path of ['/', '/site', '/totp/factors']) {
      const { status } = await served.ask({ path, headers: login('alice') })
      t.ok(status >= 400, `${kind} ${path}: ${status}`)
    }
    t.match(logged.join(), /the headers of a refusal failed; no header of yours/)
  }
})

t.test('an endpoint whose answer was begun by the host ends with its connection', async t => {
  const { totp, login } = secondFactor()
  const begin: Handler = (_request, response, next) => {
    response.write('begun')
    return next()
  }
  const served = await serve(t, 'node:http', host => host.use(begin, totp.routes()))
  await t.rejects(served.ask({ path: '/totp/factors', headers: login('alice') }))
})

t.test('a response that a wrapper of the host broke is cut off, and ends no process', async t => {
  const { totp, logged } = secondFactor()
  const breakEnd: Handler = (_request, response, next) => {
    response.end = () => { throw new Error('torn') }
    return next()
  }
  const served = await serve(t, 'node:http', host => host.use(breakEnd, totp.routes(), totp.required(), tell))
  for (const path of ['/totp/factors', '/']) await t.rejects(served.ask({ path }), path)
  t.strictSame(logged, [])
})

t.test('what a middleware answered meanwhile, because it waited too long, stays the answer', async t => {
  const [asked, goesOn] = [gate(), gate()]
  const memory = memoryStore()
  for (const fails of [false, true]) {
    const get = async (key: string) => {
      asked.open()
      await goesOn.passed
      if (fails) throw new Error('ECONNREFUSED')
      return await memory.get(key)
    }
    const factor = secondFactor({ store: { ...memory, get: untyped(get) } })
    const giveUp: Handler = async (_request, response, next) => {
      asked.passed.then(() => { response.writeHead(504).end('too slow') }, () => {})
      return await next()
    }
    const served = await serve(t, 'node:http', host => host.use(giveUp, factor.totp.routes(), factor.totp.required()))
    for (const path of ['/totp/factors', '/']) {
      t.match(await served.ask({ path, headers: factor.login('alice') }), { status: 504, text: 'too slow' })
    }
    goesOn.open()
    await factor.totp.settled()
    t.equal((await served.ask({ path: '/totp/factors', headers: factor.login('bob') })).status, 504, 'the server is there')
    t.notMatch(factor.logged.join(), /ERR_HTTP_HEADERS_SENT|Cannot set headers/)
  }
})

t.test('a guard looks after the session without the routes, too, and the log is told of its settings', async t => {
  let lookedAfter = 0
  const port = {
    server: 'connect',
    read: () => undefined,
    write: () => {},
    withEntry: (entry: string) => { t.equal(entry, 'secondMark'); return port },
    lookAfter (_request: unknown, _response: unknown, { warn }: SessionLog) {
      lookedAfter++
      warn('resave is true')
    }
  }
  const { totp, login, logged } = secondFactor({ name: 'second', session: port })
  const served = await serve(t, 'Connect', host => host.use(totp.required(), tell))
  t.equal((await served.ask({ path: '/', headers: login('alice') })).status, 403)
  t.equal(lookedAfter, 1)
  t.strictSame(logged, ['totp: check this setting; resave is true; '])
})

t.test('without a framework, what a handler throws after a guard is answered as an endpoint would', async t => {
  let thrown: unknown
  const { totp, login, logged } = secondFactor()
  const served = await serve(t, 'node:http', host => {
    host.route('/site', totp.sameSite(), () => { throw thrown })
    host.route('/guard', totp.required({ unenrolled: 'allow' }), () => { throw thrown })
  })
  for (const path of ['/site', '/guard']) {
    thrown = new InvalidOptionError('clock', 'must return Unix seconds')
    const answer = await served.ask({ path, headers: login('alice') })
    t.match(answer, { status: 500, code: 'ERR_TOTP_INVALID_OPTION' })
    t.notMatch(answer.text, /clock/, 'clients learn nothing about options')
    t.match(logged.splice(0).join(), /option "clock"/)
    thrown = new ChallengeRequiredError(300)
    t.match(await served.ask({ path, headers: login('alice') }), { status: 401, headers: { 'www-authenticate': /max_age="300"/ } })
    t.strictSame(logged, [])
  }
})

t.test('settled waits for listeners that are under way', async t => {
  const [began, ends] = [gate(), gate()]
  let isOver = false
  const factor = secondFactor({
    onEvent: async () => {
      began.open()
      await ends.passed
      isOver = true
    }
  })
  const served: Served = await serve(t, 'Connect', host => host.use(factor.totp.routes()))
  await factor.enroll(served, factor.login('alice'))
  await began.passed
  const settles = factor.totp.settled()
  t.equal(isOver, false)
  ends.open()
  await settles
  t.equal(isOver, true)
})

t.test('a refusal is given to onRefused as an error of the package', async t => {
  const errors: unknown[] = []
  const options: Options = {
    onRefused (error, _request, response) { errors.push(error); response.end() },
    clock: () => NaN
  }
  let clock = () => 1_800_000_000
  const { totp, login } = secondFactor({ ...options, clock: () => clock() })
  const served = await serve(t, 'Connect', host => host.use(totp.required(), tell))
  await served.ask({ path: '/', headers: login('alice') })
  clock = () => NaN
  const { headers } = await served.ask({ path: '/', headers: login('alice') })
  t.ok(errors[0] instanceof NotEnrolledError)
  t.ok(errors[1] instanceof MisconfiguredError)
  t.equal(headers['cache-control'], 'no-store')
})
