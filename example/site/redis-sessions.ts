import type { Session } from 'fastify'
import type { Redis } from 'ioredis'
import { LoginEndedError, UnavailableError, type Sessions } from './session-store.js'

/** Seconds that a log-in counts. */
const LOGIN = 12 * 3600
/** Seconds that sessions and tombstones are kept: as long as a log-in counts, and any request may last. */
const KEPT = LOGIN + 24 * 3600

/** What a session that was destroyed leaves, and a log-in that has ended. */
const TOMBSTONE = ''
const LOGINS = 'example:logins'

const WRITE = `
  if redis.call('GET', KEYS[1]) == '' then return 'buried' end
  if redis.call('GET', KEYS[2]) == '' then return 'ended' end
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
  redis.call('SADD', KEYS[3], KEYS[1])
  redis.call('EXPIRE', KEYS[3], ARGV[2])
  return 'written'`

const END = `
  redis.call('SET', KEYS[1], '', 'EX', ARGV[1])
  for _, session in ipairs(redis.call('SMEMBERS', KEYS[2])) do redis.call('SET', session, '', 'EX', ARGV[1]) end
  redis.call('DEL', KEYS[2])
  redis.call('ZREM', KEYS[3], ARGV[2])`

/** Sessions in Redis, by the same rules as those in the database. */
export function redisSessions (client: Redis): Sessions {
  const sessionKey = (sid: string) => `example:session:${sid}`
  const loginKey = (login: string) => `example:login:${login}`
  const membersKey = (login: string) => `example:sessions:${login}`

  async function get (sid: string): Promise<Session | null> {
    const text = await client.get(sessionKey(sid))
    if (text === null || text === TOMBSTONE) return null
    const session: Session = JSON.parse(text)
    return await client.get(loginKey(session.login ?? '')) === 'begun' ? session : null
  }

  async function set (sid: string, session: Session): Promise<void> {
    const { login } = session
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
      await available(client.zremrangebyscore(LOGINS, '-inf', now))
      await available(client.zadd(LOGINS, now + LOGIN, login))
      await available(client.set(loginKey(login), 'begun', 'EX', LOGIN))
    },

    async end (login) {
      await available(client.eval(END, 3, loginKey(login), membersKey(login), LOGINS, KEPT, login))
    },

    count: async () => await available(client.zcount(LOGINS, Date.now() / 1000, '+inf')),

    get (sid, callback) {
      available(get(sid)).then(session => callback(null, session), callback)
    },

    set (sid, session, callback) {
      available(set(sid, session)).then(() => callback(), callback)
    },

    destroy (sid, callback) {
      available(destroy(sid)).then(() => callback(), callback)
    }
  }
}

async function available<T> (answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw new UnavailableError(error)
  }
}
