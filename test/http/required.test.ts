import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { InvalidOptionError, type RouteRequirement } from '../../src/index.js'
import { site, START } from '../site.js'
import { untyped } from '../untyped.js'

const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }
const NOT_ENROLLED = { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' }
const PASSES = { status: 200 }

/** A site with a route for each requirement, by its path. */
async function guarded (
  t: Test, requirements: Readonly<Record<string, Partial<RouteRequirement>>>, totp: object = {}
) {
  const lines: Array<Record<string, unknown>> = []
  const made = await site(t, {
    totp,
    log: line => { lines.push(JSON.parse(line)) },
    routes: app => {
      for (const [path, requirement] of Object.entries(requirements)) {
        const preHandler = app.totp.required(requirement)
        app.get(path, { preHandler }, async request => ({ approval: request.totp }))
      }
    }
  })
  /** What was logged of an `unenrolled` since it was last asked. */
  const failures = () => lines.splice(0).filter(({ msg }) => msg === 'totp: unenrolled failed')
  return { ...made, failures }
}

t.test('a route says which methods count', async t => {
  const { app, login, now, wait } = await guarded(t, {
    '/totp-only': { methods: ['totp'] },
    '/recovery-only': { methods: ['recovery'] },
    '/pass-only': { methods: ['pass'] },
    '/no-pass': { methods: ['totp', 'recovery'], maxAge: 600 }
  })
  const alice = await login('alice')
  const { recoveryCodes: [code], ...phone } = await alice.enrollVerified(now())
  const outcomes = async () => {
    const paths = ['/totp-only', '/recovery-only', '/pass-only', '/no-pass', '/vault']
    const answers = await Promise.all(paths.map(alice.get))
    return answers.map(({ status, code }) => code ?? status)
  }
  const no = REQUIRED.code
  t.strictSame(await outcomes(), [200, no, no, 200, 200])
  t.match(await alice.recover(code), PASSES)
  t.strictSame(await outcomes(), [no, 200, no, 200, 200])
  const { code: pass } = await app.totp.pass('alice', { by: 'Carol' })
  t.match(await alice.recover(pass), PASSES)
  t.strictSame(await outcomes(), [no, no, 200, no, 200])
  wait(30)
  t.match(await alice.challenge(phone.code(now())), PASSES)
  t.strictSame(await outcomes(), [200, no, no, 200, 200])
  wait(601)
  t.strictSame(await outcomes(), [200, no, no, no, 200])
})

t.test('check takes methods too, and agrees with the guard', async t => {
  const { app, login, now } = await guarded(t, {})
  const { recoveryCodes: [code = ''] } = await (await login('alice')).enrollVerified(now())
  const session = { mark: null, began: now() }
  const { mark } = await app.totp.recover({ identity: 'alice', session }, code)
  const caller = { identity: 'alice', session: { mark, began: now() } }
  t.match(await app.totp.check(caller), { method: 'recovery', factorSid: null })
  t.match(await app.totp.check(caller, { methods: ['recovery', 'pass'] }), { method: 'recovery' })
  await t.rejects(app.totp.check(caller, { methods: ['totp'] }), { code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  for (const methods of [[], ['sms'], 'recovery']) {
    await t.rejects(app.totp.check(caller, untyped({ methods })), { code: 'ERR_TOTP_INVALID_OPTION' })
  }
})

t.test('wrong requirements stop the boot, and say which', async t => {
  const { app } = await site(t)
  const wrong: ReadonlyArray<readonly [option: string, requirement: unknown]> = [
    ['methods', { methods: [] }],
    ['methods', { methods: ['sms'] }],
    ['methods', { methods: 'totp' }],
    ['unenrolled', { unenrolled: new Date() }],
    ['unenrolled', { unenrolled: null }],
    ['unenrolled', { unenrolled: 'later' }],
    ['unenrolled', { unenrolled: Promise.resolve('allow') }]
  ]
  for (const [option, requirement] of wrong) {
    const message = new RegExp(`"required\\.${option}"`)
    t.throws(() => app.totp.required(untyped(requirement)), { constructor: InvalidOptionError, message })
  }
})

t.test('until the date that a function returns, users without a factor pass', async t => {
  const asked: unknown[] = []
  const { login, visitor, events, now, wait, failures } = await guarded(t, {
    '/from': {
      unenrolled: request => {
        asked.push(Reflect.get(Object(request), 'url'))
        return new Date((START + 100) * 1000)
      }
    },
    '/from-ms': { unenrolled: () => new Date((START + 100) * 1000 + 1) }
  })
  const [alice, bob] = [await login('alice'), await login('bob')]
  await turn()
  events.length = 0
  t.match(await alice.get('/from'), PASSES)
  t.equal((await alice.get('/from')).json().approval, null)
  await turn()
  t.match(events, [{ type: 'guard.unenrolled', identity: 'alice', method: null, by: null }, { type: 'guard.unenrolled' }])
  wait(99)
  t.match(await alice.get('/from'), PASSES)
  wait(1)
  t.match(await alice.get('/from'), NOT_ENROLLED, 'from that second on')
  t.match(await alice.get('/from-ms'), PASSES)
  wait(1)
  t.match(await alice.get('/from-ms'), NOT_ENROLLED)
  wait(-2)
  t.match(await alice.get('/from'), PASSES, 'it asks the clock of the package')
  t.ok(asked.length >= 5, 'it is asked with each request')
  t.ok(asked.every(url => url === '/from'))

  await bob.enrollVerified(now())
  t.match(await bob.get('/from'), PASSES, 'an approval counts whatever the date')
  t.match(await (await login('bob')).get('/from'), REQUIRED, 'a user with a factor needs it, whatever the date')
  t.match(await visitor().get('/from'), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
  t.same(failures(), [])
})

t.test('a function may answer deny or allow, by the request', async t => {
  const { app, login, now, wait } = await guarded(t, {
    '/teams': {
      unenrolled: request => Reflect.get(Object(request), 'headers')['x-team'] === 'sales' ? 'allow' : 'deny'
    },
    '/open': { unenrolled: () => 'allow', methods: ['totp'] }
  }, { attempts: { lockAfter: 1 } })
  const alice = await login('alice')
  t.match(await alice.request('GET', '/teams', undefined, { 'x-team': 'sales' }), PASSES)
  t.match(await alice.get('/teams'), NOT_ENROLLED)
  const phone = await alice.enrollVerified(now())
  t.match(await alice.get('/teams'), PASSES)
  const other = await login('alice')
  t.match(await other.request('GET', '/teams', undefined, { 'x-team': 'sales' }), REQUIRED)
  t.match(await alice.recover(phone.recoveryCodes[0]), PASSES)
  t.match(await alice.get('/open'), REQUIRED, 'a method that doesn\'t count is no way to be unenrolled')
  wait(30)
  await other.challenge(phone.wrongCode(now()))
  await app.totp.remove({ identity: 'alice', operator: true }, phone.sid)
  t.match(await other.get('/open'), PASSES, 'without an app there is nothing to guess')
  t.match(await other.get('/teams'), NOT_ENROLLED)
})

t.test('whatever else a function does keeps users without a factor out, and is logged', async t => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => { unhandled.push(reason) }
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  const strange: Record<string, () => unknown> = {
    '/null': () => null,
    '/undefined': () => undefined,
    '/true': () => true,
    '/number': () => (START + 1000) * 1000,
    '/text': () => '2099-01-01',
    '/ALLOW': () => 'ALLOW',
    '/boxed': () => Object('allow'),
    '/list': () => ['allow'],
    '/invalid-date': () => new Date('never'),
    '/fake-date': () => Object.create(Date.prototype),
    '/promise': async () => 'allow',
    '/promised-date': async () => new Date((START + 1000) * 1000),
    '/rejected': async () => { throw new Error('lost postgres://totp:hunter2@db') },
    '/thenable': () => ({ then: (done: (answer: string) => void) => { done('allow') } }),
    '/bad-thenable': () => ({ then: () => { throw new Error('broken') } }),
    '/throws': () => { throw new Error('lost postgres://totp:hunter2@db') },
    '/throws-null': () => { throw untyped(null) }
  }
  const requirements = Object.fromEntries(Object.entries(strange).map(([path, unenrolled]) =>
    [path, { unenrolled: untyped(unenrolled) }]))
  const { login, now, failures } = await guarded(t, requirements)
  const [alice, bob] = [await login('alice'), await login('bob')]
  await bob.enrollVerified(now())
  failures()
  for (const path of Object.keys(strange)) {
    t.match(await alice.get(path), NOT_ENROLLED, path)
    const logged = failures()
    t.equal(logged.length, 1, path)
    t.notMatch(JSON.stringify(logged), 'hunter2')
    t.match(await bob.get(path), PASSES, `${path}, approved`)
    failures()
  }
  await turn()
  await turn()
  t.same(unhandled, [])
})
