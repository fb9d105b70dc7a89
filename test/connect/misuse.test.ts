import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import * as everything from '../../src/connect.js'
import { untyped } from '../untyped.js'
import { secondFactor } from './factor.js'
import { listen, listenerOf, serve, type Handler, type Kind } from './server.js'

/** The functions of a module or an object, and those of the objects in it, by their paths. */
function functionsIn (object: object): Array<[path: string, value: unknown]> {
  return Object.entries(object).flatMap(([name, value]): Array<[string, unknown]> => {
    if (typeof value === 'function') return [[name, value]]
    if (typeof value !== 'object' || value === null) return []
    return functionsIn(value).map(([path, inner]) => [`${name}.${path}`, inner])
  })
}

const EXPRESSES = ['Express 5', 'Express 4'] as const

for (const kind of [...EXPRESSES, 'Connect'] as const) {
  t.test(`every function of the door that is taken for a middleware answers an error on ${kind}`, async t => {
    const paths = functionsIn(everything)
    t.ok(paths.some(([path]) => path === 'expressSession.lookAfter') && paths.some(([path]) => path === 'createTotp'))
    for (const [path, middleware] of paths) await answersError(t, kind, path, middleware)
  })

  t.test(`every method of totp that is taken for a middleware answers an error on ${kind}`, async t => {
    const { totp, logged } = secondFactor()
    const paths = functionsIn(totp)
    for (const name of ['required', 'routes', 'sameSite', 'caller', 'keep', 'forget', 'check', 'settled']) {
      t.ok(paths.some(([path]) => path === name), name)
    }
    for (const [path, method] of paths) {
      logged.length = 0
      await answersError(t, kind, `totp.${path}`, method)
      t.equal(logged.length, 2)
      t.match(logged.join(), new RegExp(`must be what totp\\.required\\(\\) returns, not totp\\.${path} itself`))
    }
  })
}

t.test('a server without a framework gets an error, too, from what makes middlewares and from the verifier', async t => {
  const { totp } = secondFactor()
  for (const name of ['required', 'routes', 'sameSite', 'check', 'settled'] as const) {
    const served = await serve(t, 'node:http', host => host.use((request, response) => untyped(totp[name])(request, response)))
    t.match(await served.ask({ path: '/' }), { status: 500, code: 'ERR_TOTP_INVALID_OPTION' }, name)
  }
})

t.test('a method that is a whole server by mistake answers an error', async t => {
  const { totp } = secondFactor()
  for (const name of ['caller', 'keep'] as const) {
    const served = await listen(t, untyped(totp[name]))
    t.match(await served.ask({ path: '/' }), { status: 500, code: 'ERR_TOTP_INVALID_OPTION' }, name)
  }
})

t.test('the methods still take what they are for', async t => {
  const { totp, login, now } = secondFactor()
  const served = await serve(t, 'node:http', host => host.use(async (request, response) => {
    const caller = await totp.caller(request)
    const { mark } = await totp.withdraw(caller)
    await totp.keep(request, response, mark)
    await totp.forget(request, response)
    response.end(caller.identity)
  }))
  t.match(await served.ask({ path: '/', headers: login('alice') }), { status: 200, text: 'alice' })
  await t.rejects(totp.keep(untyped({}), untyped({}), untyped(undefined)), /keep takes a mark/)
  t.equal(await totp.settled(), undefined)
  t.ok(now() > 0)
})

/** Takes a function for the middleware of a route, and of the whole server. */
async function answersError (t: Test, kind: Kind, name: string, middleware: unknown): Promise<void> {
  for (const way of ['route', 'use'] as const) {
    let handled = 0
    const handle: Handler = (_request, response) => { handled++; response.end() }
    const server = createServer(untyped(listenerOf(kind, host => {
      if (way === 'route') host.route('/', untyped(middleware), handle)
      else host.use(untyped(middleware), handle)
    })))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port }: AddressInfo = untyped(server.address())
    const answer = fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(({ status }) => status)
    const status = await Promise.race([answer, hangs()])
    t.ok(status >= 400, `${name}, ${way}: ${status === 0 ? 'the request hangs' : status}`)
    t.equal(handled, 0, name)
    server.close().closeAllConnections()
  }
}

/** Resolves 0 after turns enough for an answer that waits for nothing. */
async function hangs (): Promise<number> {
  for (let turn = 0; turn < 2000; turn++) await new Promise(setImmediate)
  return 0
}
