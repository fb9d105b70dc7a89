import type { OutgoingHttpHeaders } from 'node:http'
import express from 'express'
import express4 from 'express4'
import t from 'tap'
import { untyped } from '../untyped.js'
import { secondFactor } from './factor.js'
import { listen, serve } from './server.js'

const PASSES = 200
const REFUSED = 403

/** The setting of `trust proxy`, the headers of a request from 127.0.0.1, and its answer. */
const CASES: ReadonlyArray<readonly [trust: unknown, headers: OutgoingHttpHeaders, status: number]> = [
  [false, { host: 'app.example', origin: 'https://app.example' }, PASSES],
  [false, { host: 'app.example', origin: 'https://evil.example' }, REFUSED],
  [false, { host: 'app.example', 'x-forwarded-host': 'evil.example', origin: 'https://evil.example' }, REFUSED],
  [false, { host: 'app.example', 'x-forwarded-host': 'evil.example', origin: 'https://app.example' }, PASSES],
  [true, { host: '10.0.0.1', 'x-forwarded-host': 'app.example', origin: 'https://app.example' }, PASSES],
  [true, { host: '10.0.0.1', 'x-forwarded-host': 'app.example', origin: 'https://10.0.0.1' }, REFUSED],
  [true, { host: 'app.example', origin: 'https://app.example' }, PASSES],
  [true, { host: '10.0.0.1', 'x-forwarded-host': 'app.example, proxy.example', origin: 'https://app.example' }, PASSES],
  [true, { host: '10.0.0.1', 'x-forwarded-host': 'app.example ,proxy.example', origin: 'https://proxy.example' }, REFUSED],
  [true, { host: '10.0.0.1', 'x-forwarded-host': ['app.example', 'proxy.example'], origin: 'https://app.example' }, PASSES],
  [true, { host: '10.0.0.1', 'x-forwarded-host': 'app.example:8443', origin: 'https://app.example:8443' }, PASSES],
  [true, { host: '10.0.0.1', 'x-forwarded-host': 'app.example:8443', origin: 'https://app.example' }, REFUSED],
  [true, { host: '10.0.0.1', 'x-forwarded-host': '', origin: 'https://10.0.0.1' }, REFUSED],
  [true, { host: '10.0.0.1', 'x-forwarded-host': '[2001:db8::1]:8443', origin: 'https://[2001:db8::1]:8443' }, PASSES],
  [true, { host: '[::1]:3000', origin: 'http://[::1]:3000' }, PASSES],
  [false, { host: '[::1]:3000', origin: 'http://[::1]:3001' }, REFUSED],
  [1, { host: '10.0.0.1', 'x-forwarded-host': 'app.example', origin: 'https://app.example' }, PASSES],
  [0, { host: '10.0.0.1', 'x-forwarded-host': 'app.example', origin: 'https://app.example' }, REFUSED],
  ['loopback', { host: '10.0.0.1', 'x-forwarded-host': 'app.example', origin: 'https://app.example' }, PASSES],
  ['10.0.0.0/8', { host: '10.0.0.1', 'x-forwarded-host': 'app.example', origin: 'https://app.example' }, REFUSED],
  [() => 'yes', { host: '10.0.0.1', 'x-forwarded-host': 'app.example', origin: 'https://app.example' }, REFUSED],
  [() => { throw new Error('torn') }, { host: '10.0.0.1', 'x-forwarded-host': 'app.example', origin: 'https://app.example' }, 500]
]

for (const [version, library] of Object.entries({ 4: express4, 5: express })) {
  t.test(`the host of a request on Express ${version} is the one that its trust proxy tells`, async t => {
    for (const [trust, headers, status] of CASES) {
      const { totp, login } = secondFactor()
      const [app, sub] = [library(), library()]
      app.set('trust proxy', trust)
      app.use(totp.routes())
      app.post('/own', totp.sameSite(), (_request, response) => { response.end() })
      sub.post('/own', totp.sameSite(), (_request, response) => { response.end() })
      app.use('/sub', sub)
      const served = await listen(t, app)
      const name = `${String(trust)}: ${JSON.stringify(headers)}`
      for (const path of ['/own', '/sub/own']) {
        t.equal((await served.ask({ method: 'POST', path, headers })).status, status, `${path}, ${name}`)
      }
      const own = await served.ask({ method: 'DELETE', path: '/totp/approval', headers: { ...headers, ...login('alice') } })
      t.equal(own.status, status === PASSES ? 204 : status, name)
    }
  })
}

for (const kind of ['Connect', 'node:http'] as const) {
  t.test(`${kind} has no trust proxy: forwarded hosts are ignored`, async t => {
    const { totp } = secondFactor()
    const forged: unknown[] = [undefined, null, 'app', () => {}, { get: () => () => true }]
    for (const app of forged) {
      const served = await serve(t, kind, host => host.use((request, _response, next) => {
        if (app !== undefined) Object.assign(request, { app: untyped(app) })
        return next()
      }, totp.sameSite(), (_request, response) => response.end()))
      const headers = { host: 'app.example', 'x-forwarded-host': 'evil.example' }
      t.equal((await served.ask({ method: 'POST', path: '/', headers: { ...headers, origin: 'https://app.example' } })).status, 200)
      t.equal((await served.ask({ method: 'POST', path: '/', headers: { ...headers, origin: 'https://evil.example' } })).status, 403)
    }
  })
}
