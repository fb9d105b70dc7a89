import { randomBytes } from 'node:crypto'
import t from 'tap'
import { endpoints } from '../../src/http/endpoints.js'
import { site } from '../site.js'

t.test('endpoints check their input themselves, whatever transport is in front of them', async t => {
  const { app } = await site(t)
  const caller = { identity: 'alice', session: { mark: randomBytes(16).toString('base64url'), began: 0 } }
  const call = { verifier: app.totp, caller, friendlyName: async () => 'alice', params: {}, body: {} }
  const malformed = { code: 'FST_ERR_VALIDATION', statusCode: 400 }
  const named = (method: string, path: string) => {
    const endpoint = endpoints.find(endpoint => endpoint.method === method && endpoint.path === path)
    if (endpoint === undefined) throw new Error(`there is no ${method} ${path}`)
    return endpoint
  }

  const list = named('GET', '/factors')
  t.match(await list.handle({ ...call, body: undefined }),
    { status: 200, body: { factors: [], approved: false } })
  await t.rejects(list.handle({ ...call, body: { x: 1 } }), malformed)
  await t.rejects(list.handle({ ...call, params: { x: 1 } }), malformed)

  const challenge = named('POST', '/challenges')
  for (const body of [undefined, null, {}, 'x', [], { code: 123456 }, { code: '123456', x: 1 }]) {
    await t.rejects(challenge.handle({ ...call, body }), malformed, JSON.stringify(body))
  }
  await t.rejects(challenge.handle({ ...call, body: { code: '123456' } }), { code: 'ERR_TOTP_NOT_ENROLLED' })

  const verify = named('POST', '/factors/:sid/verify')
  for (const params of [undefined, null, {}, { sid: 1 }, { sid: ['x'] }, { sid: 'x', y: 1 }]) {
    await t.rejects(verify.handle({ ...call, params, body: { code: '123456' } }), malformed, JSON.stringify(params))
  }
})

t.test('every endpoint lists its success, a DELETE that may give a token both, and the refusals that it has', async t => {
  for (const { method, path, replies } of endpoints) {
    const statuses = Object.keys(replies).map(Number)
    const successes = statuses.filter(status => status < 400)
    const givesToken = method === 'DELETE' && ['/approval', '/factors/:sid'].includes(path)
    t.equal(successes.length, givesToken ? 2 : 1, `${method} ${path}`)
    if (givesToken) t.strictSame(successes, [200, 204])
    t.ok([400, 401, 403, 413, 415, 500, 503].every(status => statuses.includes(status)), `${method} ${path}`)
  }
})
