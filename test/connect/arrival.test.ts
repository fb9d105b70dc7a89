import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import t from 'tap'
import { deadlines } from '../deadlines.js'
import { gate } from '../gate.js'
import { START } from '../site.js'
import { untyped } from '../untyped.js'
import { secondFactor } from './factor.js'
import { KINDS, serve, type Handler } from './server.js'

for (const kind of KINDS) {
  for (const where of ['the routes', 'caller'] as const) {
    t.test(`a request that began before a withdrawal approves nothing on ${kind}, however late ${where} saw it`, async t => {
      const { pass } = deadlines(t)
      const [reached, opened] = [gate(), gate()]
      const marks = new Map<string, string>()
      // Sessions that were read when the request arrived, as those in cookies and tokens are.
      const { totp, enroll, wait, now } = secondFactor({
        identify: () => 'alice',
        session: {
          read: request => request.headers['x-mark'] ?? marks.get('alice'),
          write: (_request, _response, mark) => { marks.set('alice', mark) }
        }
      })
      const slow: Handler = async (request, _response, next) => {
        if (request.headers['x-slow'] !== undefined) {
          reached.open()
          await opened.passed
        }
        return await next()
      }
      const own: Handler = async (request, response) => {
        try {
          const { mark } = await totp.challenge(await totp.caller(request), { code: String(request.headers['x-code']) })
          await totp.keep(request, response, mark)
          response.end()
        } catch (error) {
          response.writeHead(untyped(error).statusCode).end(untyped(error).code)
        }
      }
      const served = await serve(t, kind, host => {
        host.use(slow, totp.routes())
        host.route('/own', own)
      })
      const headers = { authorization: 'alice' }
      const app = await enroll(served, headers)
      wait(90)
      const code = app.code(now())
      const late = { 'content-type': 'application/json', 'x-slow': 'yes', 'x-mark': marks.get('alice') ?? '', 'x-code': code }
      const answer = where === 'caller'
        ? served.ask({ path: '/own', headers: late })
        : served.ask({ method: 'POST', path: '/totp/challenges', headers: late, body: JSON.stringify({ code }) })
      await reached.passed
      t.match(await served.ask({ method: 'DELETE', path: '/totp/approval' }), { status: 204 })
      // The middleware takes a minute.
      wait(60)
      pass()
      opened.open()
      const { status, text } = await answer
      t.equal(status, 403)
      t.match(text, 'ERR_TOTP_CHALLENGE_REQUIRED')
    })
  }

  t.test(`a broken clock on ${kind} fails only the requests that need it`, async t => {
    let clock = () => START
    const { totp, login, logged } = secondFactor({ clock: () => clock() })
    const served = await serve(t, kind, host => {
      host.use(totp.routes())
      host.route('/open', (_request, response) => response.end('open'))
      host.route('/guarded', totp.required(), (_request, response) => response.end('guarded'))
    })
    for (const broken of [() => { throw new Error('no clock') }, () => NaN, () => Date.now()]) {
      clock = broken
      t.equal((await served.ask({ path: '/open' })).text, 'open')
      for (const path of ['/guarded', '/totp/factors']) {
        const answer = await served.ask({ path, headers: login('alice') })
        t.match(answer, { status: 500, code: 'ERR_TOTP_INVALID_OPTION' })
        t.notMatch(answer.text, /clock/)
      }
    }
    t.equal(logged.filter(line => line.includes('option "clock"')).length, 6)
  })
}

t.test('a request that no server announced began when it was first asked for', async t => {
  const { pass } = deadlines(t)
  const { totp, wait, now, login } = secondFactor()
  const request = new IncomingMessage(new Socket())
  Object.assign(request.headers, login('alice'))
  // The moment between the two is cut off with the fractions of a second.
  const began = async () => START - (await totp.caller(request)).session.began
  t.ok([0, 1].includes(await began()))
  wait(60)
  pass()
  t.ok([0, 1].includes(await began()))
  t.equal(now(), START + 60)
})

t.test('other publishers on the channel disturb nothing', async t => {
  const { channel } = await import('node:diagnostics_channel')
  const { login, totp } = secondFactor()
  for (const message of [undefined, null, 'request', {}, { request: null }, { request: 'GET' }]) {
    t.doesNotThrow(() => channel('http.server.request.start').publish(message))
  }
  const served = await serve(t, 'node:http', host => host.use(totp.routes()))
  t.equal((await served.ask({ path: '/totp/factors', headers: login('alice') })).status, 200)
})
