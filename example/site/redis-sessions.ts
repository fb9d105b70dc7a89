import type { Session } from 'fastify'
import type { Redis } from 'ioredis'
import { isNote, LoginEndedError, UnavailableError, type Sessions } from './session-store.js'

/** Seconds that a login lasts. */
const LOGIN_LIFETIME = 12 * 3600
/** Seconds that sessions and tombstones are kept: they outlive their login by more than any request lasts. */
const KEPT = LOGIN_LIFETIME + 24 * 3600

/** Replaces a destroyed session, and a login that has ended. */
const TOMBSTONE = ''
const LOGINS = 'example:logins'

const WRITE = `
  local kept = redis.call('GET', KEYS[1])
  if kept == '' or (kept and cjson.decode(kept).totpRotated) then return 'buried' end
  if redis.call('GET', KEYS[2]) == '' then return 'ended' end
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
  redis.call('SADD', KEYS[3], KEYS[1])
  redis.call('EXPIRE', KEYS[3], ARGV[2])
  return 'written'`

/** Redis answers false for a key that isn't there. */
const LEAVE_NOTE = `
  if (redis.call('GET', KEYS[1]) or '') ~= '' then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end`

const END = `
  redis.call('SET', KEYS[1], '', 'EX', ARGV[1])
  for _, session in ipairs(redis.call('SMEMBERS', KEYS[2])) do redis.call('SET', session, '', 'EX', ARGV[1]) end
  redis.call('DEL', KEYS[2])
  redis.call('ZREM', KEYS[3], ARGV[2])`

/** Sessions in Redis, with the same rules as those in the database. */
export function redisSessions (client: Redis): Sessions {
  const sessionKey = (sid: string) => `example:session:${sid}`
  const loginKey = (login: string) => `example:login:${login}`
  const membersKey = (login: string) => `example:sessions:${login}`

  async function get (sid: string): Promise<Session | null> {
    const text = await client.get(sessionKey(sid))
    if (text === null || text === TOMBSTONE) return null
    const session: Session = JSON.parse(text)
    if (isNote(session)) return session
    return await client.get(loginKey(session.login ?? '')) === 'begun' ? session : null
  }

  async function set (sid: string, session: Session): Promise<void> {
    const { login } = session
    if (isNote(session)) await client.eval(LEAVE_NOTE, 1, sessionKey(sid), JSON.stringify(session), KEPT)
    if (login === undefined) return
    const outcome = await client.eval(
      WRITE, 3, sessionKey(sid), loginKey(login), membersKey(login), JSON.stringify(session), KEPT)
    if (outcome === 'ended') throw new LoginEndedError()
  }

  async function destroy (sid: string): Promise<void> {
    await client.set(sessionKey(sid), TOMBSTONE, 'EX', KEPT, 'XX')
  }

  return {
    async begin (login) {
      const now = Date.now() / 1000
      await orUnavailable(client.zremrangebyscore(LOGINS, '-inf', now))
      await orUnavailable(client.zadd(LOGINS, now + LOGIN_LIFETIME, login))
      await orUnavailable(client.set(loginKey(login), 'begun', 'EX', LOGIN_LIFETIME))
    },

    async end (login) {
      await orUnavailable(client.eval(END, 3, loginKey(login), membersKey(login), LOGINS, KEPT, login))
    },

    count: async () => await orUnavailable(client.zcount(LOGINS, Date.now() / 1000, '+inf')),

    get (sid, callback) {
      orUnavailable(get(sid)).then(session => callback(null, session), callback)
    },

    set (sid, session, callback) {
      orUnavailable(set(sid, session)).then(() => callback(), callback)
    },

    destroy (sid, callback) {
      orUnavailable(destroy(sid)).then(() => callback(), callback)
    }
  }
}

async function orUnavailable<T> (answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw new UnavailableError(error)
  }
}
