import { Router } from 'express'
import express4 from 'express4'
import t from 'tap'
import { endpoints } from '../../src/http/endpoints.js'
import { untyped } from '../untyped.js'
import { secondFactor } from './factor.js'
import { KINDS, serve, type Handler, type Host, type Kind } from './server.js'

const SID = `YF${'0'.repeat(32)}`

/** Ways to spell a path, some of which servers take for the same one. */
function spellingsOf (path: string): readonly string[] {
  const [first = '', ...rest] = path.slice(1)
  const encoded = `%${first.charCodeAt(0).toString(16)}`
  const name = rest.join('')
  return [
    path, path.toUpperCase(), `/${first.toUpperCase()}${name}`, `${path}/`, `/${path}`, `${path}//`, `/${encoded}${name}`,
    `/${encoded}${name}/`, `${path}%2f`, `%2f${path.slice(1)}`, `/%2f${path.slice(1)}`, `/.${path}`, `/x/..${path}`,
    `/%2e${path}`, `/x/%2e%2e${path}`, `${path};a=b`, `${path}.json`, `${path}?`, `${path}?a=b`, `${path}#a`, `${path}%00`,
    `${path}%20`, `\\${path.slice(1)}`, `${path}\\`, `http://localhost${path}`, `https://localhost${path}`,
    `//localhost${path}`, `*${path}`, `/*${path}`
  ]
}

const handle: Handler = (_request, response) => response.end('handled')

for (const kind of ['Express 5', 'Express 4'] as const) {
  t.test(`no spelling reaches the handler of a guarded route on ${kind}`, async t => {
    const { totp, login } = secondFactor()
    const served = await serve(t, kind, host => {
      host.use(totp.routes())
      for (const path of ['/vault', '/:name', '/*rest'.slice(0, kind === 'Express 5' ? 6 : 2)]) host.route(path, totp.required(), handle)
    })
    for (const path of spellingsOf('/vault')) {
      for (const method of ['GET', 'HEAD', 'POST']) {
        const answer = await served.ask({ method, path, headers: login('alice') })
        t.ok([400, 403, 404].includes(answer.status), `${method} ${path}: ${answer.status}`)
        t.not(answer.text, 'handled', path)
      }
    }
  })
}

for (const kind of KINDS) {
  t.test(`no spelling reaches a handler on ${kind} with a guard over everything, and the endpoints pass it`, async t => {
    const factor = secondFactor()
    const { totp, login } = factor
    const served = await serve(t, kind, host => {
      host.use(totp.routes(), totp.required(), handle)
    })
    const alice = login('alice')
    for (const path of spellingsOf('/vault')) {
      const answer = await served.ask({ path, headers: alice })
      t.not(answer.status, 200, path)
      t.not(answer.text, 'handled', path)
    }
    await factor.enroll(served, alice)
    const answer = await served.ask({ path: '/anything', headers: alice })
    t.match(answer, { status: 200, text: 'handled' })
  })

  t.test(`each endpoint has one spelling on ${kind}; every other one is the host's`, async t => {
    const { totp, login, logged } = secondFactor()
    const served = await serve(t, kind, host => {
      host.use(totp.routes(), (_request, response) => { response.end('host') })
    })
    for (const { method, path } of endpoints) {
      const below = path.replace(':sid', SID)
      const own = `/totp${below}`
      const others = [...spellingsOf(own).slice(1), `/totp/x${below}`, `/totpx${below}`, below]
      t.not((await served.ask({ method, path: own })).text, 'host', `${method} ${own}`)
      for (const other of others) {
        if (other.startsWith(`${own}?`) || decodes(other, own)) continue
        const { status, text, code } = await served.ask({ method, path: other, headers: login('alice') })
        // Node.js and Connect refuse paths that begin with another character.
        if (/^(?:\/|http)/.test(other)) t.equal(text, 'host', `${method} ${other}`)
        else t.ok(code === undefined && (text === 'host' || status >= 400), `${method} ${other}`)
      }
    }
    t.strictSame(logged, [])
  })

  t.test(`a path that is not well-formed is 400, and a sid that no factor has is 404 on ${kind}`, async t => {
    const { totp, login } = secondFactor()
    const served = await serve(t, kind, host => host.use(totp.routes()))
    const headers = login('alice')
    for (const sid of ['%', '%e', '%zz', '%ff', '%c3%28', 'YF%']) {
      const answer = await served.ask({ method: 'DELETE', path: `/totp/factors/${sid}`, headers })
      t.match(answer, { status: 400, code: 'FST_ERR_BAD_URL' }, sid)
    }
    const odd = ['YF', '..', '%2e%2e', '.', ':sid', '__proto__', '%2f', '%00', '%F0%9F%94%91', "'", '*', '$1', SID.toLowerCase(), 'x'.repeat(2000)]
    for (const sid of odd) {
      const answer = await served.ask({ method: 'DELETE', path: `/totp/factors/${sid}`, headers })
      t.match(answer, { status: 404, code: 'ERR_TOTP_FACTOR_NOT_FOUND' }, sid)
    }
  })
}

/** Whether another spelling asks for a factor with another sid, rather than for another path. */
function decodes (other: string, own: string): boolean {
  const parent = own.slice(0, own.lastIndexOf('/') + 1)
  return own.endsWith(SID) && other.startsWith(parent) && !other.slice(parent.length).includes('/')
}

/** Ways to mount the routes, with the path that the endpoints are then below. */
const MOUNTS: Readonly<Record<string, (host: Host, routes: Handler, kind: Kind) => string>> = {
  'at the root' (host, routes) {
    host.use(routes)
    return '/totp'
  },
  'below a path' (host, routes) {
    host.use('/api', routes)
    return '/api/totp'
  },
  'in a Router' (host, routes, kind) {
    const router = kind === 'Express 5' ? Router() : express4.Router()
    Reflect.apply(router.use, router, [routes])
    host.use('/api', untyped(router))
    return '/api/totp'
  },
  'in a Router in a Router' (host, routes, kind) {
    const [outer, inner] = kind === 'Express 5' ? [Router(), Router()] : [express4.Router(), express4.Router()]
    Reflect.apply(inner.use, inner, [routes])
    outer.use('/v1', inner)
    host.use('/api', untyped(outer))
    return '/api/v1/totp'
  }
}

for (const kind of KINDS) {
  for (const [where, mount] of Object.entries(MOUNTS)) {
    if (kind === 'node:http' && where !== 'at the root') continue
    if (kind === 'Connect' && where.includes('Router')) continue
    t.test(`the routes are mounted ${where} on ${kind}`, async t => {
      const factor = secondFactor()
      let prefix = ''
      const served = await serve(t, kind, host => { prefix = mount(host, factor.totp.routes(), kind) })
      const alice = factor.login('alice')
      await factor.enroll(served, alice, prefix)
      t.match((await served.ask({ path: `${prefix}/factors`, headers: alice })).json(), { approved: true })
      t.strictSame(factor.logged, [])
    })
  }

  t.test(`a prefix of one's own on ${kind}`, async t => {
    const factor = secondFactor({ prefix: '/auth/2fa.v1' })
    const served = await serve(t, kind, host => host.use(factor.totp.routes()))
    const alice = factor.login('alice')
    await factor.enroll(served, alice, '/auth/2fa.v1')
    for (const path of ['/totp/factors', '/auth/2fa-v1/factors', '/auth/2fa.v1', '/auth/2fa.v1/', '/auth/2fa.v1/factorsx']) {
      t.equal((await served.ask({ path, headers: alice })).status, 404, path)
    }
  })

  t.test(`HEAD is GET without a body on ${kind}; the host has every other method`, async t => {
    const { totp, login } = secondFactor()
    const served = await serve(t, kind, host => {
      host.use(totp.routes(), (request, response) => { response.end(`host ${request.method}`) })
    })
    const headers = login('alice')
    const [get, head] = [await served.ask({ path: '/totp/factors', headers }), await served.ask({ method: 'HEAD', path: '/totp/factors', headers })]
    t.match(head, { status: 200, text: '' })
    for (const name of ['content-type', 'content-length', 'cache-control']) t.equal(head.headers[name], get.headers[name], name)
    t.equal(get.headers['cache-control'], 'no-store')
    t.match(await served.ask({ method: 'HEAD', path: '/totp/factors' }), { status: 401, text: '' })
    for (const method of ['OPTIONS', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND']) {
      t.equal((await served.ask({ method, path: '/totp/factors', headers })).text, `host ${method}`)
    }
  })
}

for (const kind of ['Express 5', 'Express 4', 'Connect'] as const) {
  for (const mount of ['/totp', '/api/totp']) {
    t.test(`routes mounted at ${mount} by mistake on ${kind} are told once, and the host answers`, async t => {
      const { totp, login, logged } = secondFactor()
      const routes = totp.routes()
      const served = await serve(t, kind, host => { host.use(mount, routes); host.use('/other', routes) })
      const headers = login('alice')
      for (const path of ['', '/', '/nothing', '/factor', '/totp']) await served.ask({ path: mount + path, headers })
      await served.ask({ path: '/other/factors', headers })
      t.strictSame(logged, [], 'other paths are no mistake')
      for (let count = 0; count < 2; count++) {
        t.equal((await served.ask({ path: `${mount}/factors?a=b`, headers })).status, 404)
        t.equal((await served.ask({ method: 'POST', path: `${mount}/challenges`, headers })).status, 404)
      }
      t.equal(logged.length, 1)
      t.match(logged.join(), /mounted at \/totp.*app\.use\(totp\.routes\(\)\)/)
      t.equal((await served.ask({ path: `${mount}/totp/factors`, headers })).status, 200, 'they are below it')
    })
  }
}

t.test('without a framework the routes answer 404 to every request that is not theirs', async t => {
  const { totp, login } = secondFactor()
  const routes = totp.routes()
  const served = await serve(t, 'node:http', host => host.use((request, response) => routes(request, response)))
  const headers = login('alice')
  t.equal((await served.ask({ path: '/totp/factors', headers })).status, 200)
  for (const asked of [{ path: '/' }, { path: '/totp' }, { method: 'OPTIONS', path: '/totp/factors' }]) {
    const answer = await served.ask({ ...asked, headers })
    t.equal(answer.status, 404)
    t.same(answer.json(), { statusCode: 404, error: 'Not Found', message: 'Not Found' })
  }
})
