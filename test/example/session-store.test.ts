import { promisify } from 'node:util'
import type { Session } from 'fastify'
import t from 'tap'
import { sessionsIn, type Sessions } from '../../example/site/session-store.js'
import { openPglite } from '../pglite.js'

const client = await openPglite(t)
const sessions = sessionsIn(client)
await sessions.createTables()

const COOKIE = { originalMaxAge: null }
const session = (login: string): Session => ({ cookie: COOKIE, userId: 'a\0b', login })

type Done<T> = (error?: unknown, value?: T) => void

function promised (store: Sessions) {
  return {
    get: promisify((sid: string, done: Done<Session | null>) => store.get(sid, done)),
    set: promisify((sid: string, session: Session, done: Done<void>) => store.set(sid, session, done)),
    destroy: promisify((sid: string, done: Done<void>) => store.destroy(sid, done))
  }
}

const { get, set, destroy } = promised(sessions)

t.test('a session is stored unchanged once its login has started', async t => {
  await set('s1', session('l1'))
  t.equal(await get('s1'), null, 'but not before')
  await sessions.begin('l1')
  t.same(await get('s1'), session('l1'))
  await set('s1', { ...session('l1'), userId: 'c' })
  t.match(await get('s1'), { userId: 'c' })
  t.equal(await sessions.count(), 1)
  t.equal(await get('another'), null)
})

t.test('a write to a destroyed session is dropped', async t => {
  await sessions.begin('l2')
  await set('s2', session('l2'))
  await destroy('s2')
  t.equal(await get('s2'), null)
  await t.resolves(set('s2', session('l2')))
  t.equal(await get('s2'), null)
  await set('s2b', session('l2'))
  t.match(await get('s2b'), { login: 'l2' }, 'the login continues with another session id')
})

t.test('a login that ends takes all its sessions with it, and later ones are refused', async t => {
  await sessions.begin('l3')
  await set('s3', session('l3'))
  await set('s3b', session('l3'))
  await sessions.end('l3')
  t.equal(await get('s3'), null)
  t.equal(await get('s3b'), null)
  await t.resolves(set('s3', session('l3')))
  await t.rejects(set('s3c', session('l3')), { statusCode: 503, code: 'EXAMPLE_UNAVAILABLE', reason: 'LOGIN_ENDED' })
  for (const sid of ['s3', 's3b', 's3c']) t.equal(await get(sid), null)
  const { rows } = await client.query("SELECT sid FROM example_sessions WHERE login = 'l3' AND data IS NOT NULL")
  t.same(rows, [], 'their contents are deleted')
})

t.test('the note of a rotated session stays, and revives nothing', async t => {
  const note: Session = Object.assign({ cookie: COOKIE }, { totpRotated: 's5' })
  await sessions.begin('l4')
  await set('s4', session('l4'))
  for (const userId of ['"totpRotated":', 'd']) {
    await set('s4', { ...session('l4'), userId })
    t.match(await get('s4'), { userId }, 'whatever a session contains')
  }
  await set('s4', note)
  await set('s4', session('l4'))
  t.same(await get('s4'), note)
  await destroy('s4')
  await set('s4', note)
  t.equal(await get('s4'), null)
})

t.test('a session without a login is not stored', async t => {
  await t.resolves(set('bare', { cookie: COOKIE }))
  t.same((await client.query("SELECT sid FROM example_sessions WHERE sid = 'bare'")).rows, [])
})

t.test('a login lasts half a day, and later all its rows are deleted', async t => {
  await sessions.begin('l5')
  await set('s5', session('l5'))
  await client.query("UPDATE example_logins SET ends_at = now() - interval '1 second' WHERE id = 'l5'")
  t.equal(await get('s5'), null)
  await client.query("UPDATE example_logins SET ends_at = now() - interval '25 hours' WHERE id = 'l5'")
  await client.query("UPDATE example_sessions SET written_at = now() - interval '25 hours'")
  const rows = async (login: string) =>
    (await client.query('SELECT sid FROM example_sessions WHERE login = $1', [login])).rows.length
  await sessions.begin('l6')
  t.equal(await rows('l5'), 1, 'old rows are deleted once an hour at most')
  await sessionsIn(client).begin('l7')
  t.equal(await rows('l5'), 0)
  t.equal(await rows('l2'), 2, 'tombstones stay as long as their login')
})

t.test('a database failure is a 503 without details', async t => {
  const failing = (error: unknown) => sessionsIn({ query: async () => { throw error } })
  const secret = Object.assign(new Error('row (s1, secret)'), { code: '57P01', detail: 'secret' })
  const unavailable = { statusCode: 503, message: 'The site is unavailable at the moment: try again later.' }
  const broken = promised(failing(secret))
  await t.rejects(broken.get('s1'), { ...unavailable, reason: '57P01' })
  await t.rejects(broken.set('s1', session('l1')), unavailable)
  await t.rejects(broken.destroy('s1'), unavailable)
  await t.rejects(failing('no error').begin('l1'), { ...unavailable, reason: 'unknown' })
  const error = await broken.get('s1').catch((error: unknown) => error)
  t.notMatch(JSON.stringify(error), 'secret')
  t.notOk(error instanceof Error && error.cause)
  const empty = sessionsIn({ query: async () => ({ rows: [] }) })
  t.equal(await empty.count(), 0)
})
