import t from 'tap'
import { secondFactor, asking } from './factor.js'
import { KINDS, serve, type Answer, type Handler } from './server.js'

function cookiesOf ({ headers }: Answer): string[] {
  return headers['set-cookie'] ?? []
}

for (const kind of KINDS) {
  t.test(`on ${kind} the cookie stands beside those of the host`, async t => {
    const factor = secondFactor({ remember: { for: 3600 } })
    const { totp, login, now, wait } = factor
    const front: Handler = (request, response, next) => {
      const given = request.headers['x-cookies']
      if (given === 'one') response.setHeader('set-cookie', 'one=1')
      if (given === 'two') response.setHeader('set-cookie', ['one=1', 'two=2'])
      next()
    }
    const served = await serve(t, kind, host => {
      host.use(front, totp.routes())
      host.route('/guarded', totp.required(), (request, response) => response.end(JSON.stringify(request.totp)))
    })
    const alice = login('alice')
    const app = await factor.enroll(served, alice)
    const cookies = (given: string) => ({ ...alice, 'x-cookies': given })
    for (const [given, others] of [['none', []], ['one', ['one=1']], ['two', ['one=1', 'two=2']]] as const) {
      wait(30)
      const body = { code: app.code(now()), remember: true }
      const answer = await served.ask(asking('/totp/challenges', cookies(given), body))
      const [own = ''] = cookiesOf(answer).slice(-1)
      t.same(cookiesOf(answer).slice(0, -1), others)
      t.match(own, /^__Host-totp-browser=[\w-]{43}; Max-Age=3600; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
      const [cookie = ''] = own.split(';')
      const passed = await served.ask({ path: '/guarded', headers: { ...login('alice'), cookie } })
      t.match(passed.json(), { method: 'remembered', factorSid: null, at: now() })
      const without = await served.ask({ path: '/guarded', headers: login('alice') })
      t.match(without, { code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
    }
  })
}

t.test('a cookie that comes too late for the answer is an error, and remembers no browser', async t => {
  const factor = secondFactor({ remember: { for: 3600 } })
  const { totp, login, now, wait } = factor
  const failures: unknown[] = []
  const served = await serve(t, 'Express 5', host => {
    host.use(totp.routes())
    host.route('/late', async (request, response) => {
      const caller = await totp.caller(request)
      const { browserTokens } = await totp.challenge(caller, { code: app.code(now()), remember: true })
      response.end()
      await totp.keep(request, response, null, browserTokens).catch(error => { failures.push(error) })
    })
  })
  const alice = login('alice')
  const app = await factor.enroll(served, alice)
  wait(30)
  const answer = await served.ask({ path: '/late', headers: alice })
  t.same(cookiesOf(answer), [])
  t.match(failures, [{ code: 'ERR_HTTP_HEADERS_SENT' }])
})

t.test('a session that can\'t keep the approval gets no cookie either', async t => {
  let [mark, isBroken]: [string | undefined, boolean] = [undefined, false]
  const session = {
    read: () => mark,
    write (_request: unknown, _response: unknown, next: string) {
      if (isBroken) throw new Error('the session store is down')
      mark = next
    }
  }
  const factor = secondFactor({ remember: { for: 3600 }, session })
  const { totp, login, now, wait } = factor
  const served = await serve(t, 'Express 5', host => host.use(totp.routes()))
  const alice = login('alice')
  const app = await factor.enroll(served, alice)
  wait(30)
  isBroken = true
  const failed = await served.ask(asking('/totp/challenges', alice, { code: app.code(now()), remember: true }))
  t.match(failed, { status: 503, code: 'ERR_TOTP_STORE' })
  t.same(cookiesOf(failed), [])
})
