import { randomBytes } from 'node:crypto'
import plugin from '@fastify/secure-session'
import Fastify from 'fastify'
import t from 'tap'
import { newMark } from '../../src/entity/mark.js'
import { secureSession } from '../../src/index.js'
import { visitor } from '../visitor.js'

const [MARK, NEXT] = [newMark(), newMark()]

t.test('a mark is kept in the session, beside all that is there', async t => {
  const app = Fastify()
  t.teardown(async () => await app.close())
  await app.register(plugin, { key: randomBytes(32), cookie: { path: '/' } })
  app.get('/read', async request => ({
    mark: secureSession.read(request) ?? null, cart: Object(request.session).get('cart') ?? null
  }))
  app.post<{ Params: { mark: string } }>('/write/:mark', async (request, reply) => {
    Object(request.session).set('cart', 'full')
    await secureSession.write(request, reply, request.params.mark, true)
    return {}
  })

  const guest = visitor(app)
  t.same((await guest.get('/read')).json(), { mark: null, cart: null })
  t.equal((await guest.post(`/write/${MARK}`)).status, 200)
  t.same((await guest.get('/read')).json(), { mark: MARK, cart: 'full' })
  t.equal((await guest.post(`/write/${NEXT}`)).status, 200)
  t.same((await guest.get('/read')).json(), { mark: NEXT, cart: 'full' })
  t.same((await visitor(app).get('/read')).json(), { mark: null, cart: null })
})

t.test('without a session nothing is read, and writing is an error', async t => {
  const half = { session: { get: () => MARK } }
  for (const request of [undefined, null, 5, {}, { session: null }, { session: {} }, half]) {
    t.equal(secureSession.read(request), undefined)
    t.throws(() => secureSession.write(request, null, MARK, true), {
      message: 'the request has no session of @fastify/secure-session'
    })
  }
})

t.test('what is no mark is not written, as when the port is taken for a hook', async t => {
  const session = { get: () => undefined, set: () => t.fail('written') }
  for (const mark of [undefined, null, () => {}, { mark: MARK }]) {
    t.throws(() => Reflect.apply(secureSession.write, undefined, [{ session }, null, mark]), TypeError)
  }
})
