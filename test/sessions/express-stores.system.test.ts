import { randomBytes } from 'node:crypto'
import { RedisStore } from 'connect-redis'
import connectPg from 'connect-pg-simple'
import session, { type Store } from 'express-session'
import pg from 'pg'
import { createClient } from 'redis'
import t, { type Test } from 'tap'
import { expressSession } from '../../src/connect.js'
import { newMark } from '../../src/entity/mark.js'
import { lackingServer } from '../example/empty-database.js'
import { gate } from '../gate.js'
import type { Guest } from '../example/guest.js'
import { cookiesIn, shop } from './express-shop.js'

const { DATABASE_URL, REDIS_URL = '' } = process.env
const [MARK, NEXT] = [newMark(), newMark()]

interface Database {
  readonly name: string
  readonly skip: string | false
  /** Connects to the same sessions each time. */
  open (t: Test): Promise<{ connect: () => Promise<Store> }>
}

const databases: readonly Database[] = [
  {
    name: 'connect-pg-simple on PostgreSQL',
    skip: lackingServer,

    async open (t) {
      const tableName = `session_${randomBytes(6).toString('hex')}`
      const PgStore = connectPg(session)
      const pool = new pg.Pool({ connectionString: DATABASE_URL })
      t.teardown(async () => {
        await pool.query(`DROP TABLE IF EXISTS "${tableName}"`)
        await pool.end()
      })
      const connect = async () => {
        const settings = { createTableIfMissing: true, pruneSessionInterval: false } as const
        const store = new PgStore({ pool, tableName, ...settings })
        t.teardown(async () => await store.close())
        return store
      }
      return { connect }
    }
  },
  {
    name: 'connect-redis on Redis',
    skip: REDIS_URL === '' && 'needs REDIS_URL',

    async open (t) {
      const prefix = `session-${randomBytes(6).toString('hex')}:`
      const connect = async () => {
        const client = createClient({ url: REDIS_URL })
        await client.connect()
        const store = new RedisStore({ client, prefix })
        t.teardown(async () => {
          await new Promise<void>(resolve => { store.clear(() => resolve()) })
          client.destroy()
        })
        return store
      }
      return { connect }
    }
  }
]

for (const { name, skip, open } of databases) {
  t.test(name, { skip }, async t => {
    const { connect } = await open(t)

    /** Two servers on one store: a slow request is at the second one, and its browser at the first. */
    async function servers (t: Test) {
      const [reached, opened] = [gate(), gate()]
      const slowly = async () => {
        reached.open()
        await opened.passed
      }
      const settings = { cookie: { maxAge: 3_600_000 } }
      const one = await shop(t, {
        ...settings,
        store: await connect(),
        routes: app => {
          app.post('/destroy', (request, response) => { request.session.destroy(() => response.json({})) })
        }
      })
      const two = await shop(t, {
        ...settings,
        store: await connect(),
        routes: app => {
          app.post('/slow/:act', (request, response, next) => {
            slowly().then(async () => {
              const { act } = request.params
              if (act === 'cart') request.session.cart = 'changed'
              else await expressSession.write(request, response, NEXT, act === 'rotate')
              response.json({})
            }).catch(next)
          })
        }
      })
      const user = await one.customer()
      return { one, two, user, reached, opened }
    }

    /** The same browser at another server. */
    const at = (visitor: Guest, cookies: Map<string, string>) => {
      for (const [name, value] of cookies) visitor.cookies.set(name, value)
      return visitor
    }

    await t.test('a mark is kept, and a rotation keeps the content and leaves a note', async t => {
      const { one, two, user } = await servers(t)
      t.equal((await user.request('POST', `/write/${MARK}`)).status, 200)
      const before = (await user.request('GET', '/read')).json()
      const thief = user.copy()
      t.equal((await user.request('POST', `/rotate/${NEXT}`)).status, 200)
      for (const person of [user, at(two.guest(), user.cookies)]) {
        const { id, ...after } = (await person.request('GET', '/read')).json()
        t.same(after, { mark: NEXT, cart: 'full', odd: { nested: [1] }, maxAge: 3600 })
        t.not(id, before.id)
      }
      const stolen = await thief.request('GET', '/read')
      t.match(stolen.json(), { mark: null, cart: null })
      t.same(cookiesIn(stolen), [])
      const note = await new Promise<unknown>(resolve => {
        one.store.get(before.id, (_error, kept) => resolve(kept))
      })
      t.match(note, { totpRotated: String, cart: undefined })
      t.same([...one.warnings, ...two.warnings], [])
    })

    await t.test('a logout at one server ends what a slow request at the other one holds', async t => {
      for (const act of ['write', 'rotate', 'cart']) {
        const { two, user, reached, opened } = await servers(t)
        const slow = at(two.guest(), user.cookies).request('POST', `/slow/${act}`)
        await reached.passed
        const thief = user.copy()
        await user.request('POST', '/destroy')
        opened.open()
        t.equal((await slow).status, act === 'cart' ? 200 : 401, act)
        t.same(cookiesIn(await slow), [])
        t.match((await thief.request('GET', '/read')).json(), { mark: null, cart: null })
      }
    })

    await t.test('a rotation at one server leaves a slow request at the other one without a cookie', async t => {
      for (const act of ['write', 'rotate', 'cart']) {
        const { two, user, reached, opened } = await servers(t)
        const slow = at(two.guest(), user.cookies).request('POST', `/slow/${act}`)
        await reached.passed
        t.equal((await user.request('POST', `/rotate/${MARK}`)).status, 200)
        opened.open()
        t.same(cookiesIn(await slow), [], act)
        t.match((await user.request('GET', '/read')).json(), { mark: MARK, cart: 'full' })
      }
    })
  })
}
