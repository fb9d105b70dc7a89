import { hash, randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import verifyTotp, { memoryStore } from '../../../../dist/index.js'
import { approved } from '../population.js'
import { mapSessions, SESSION_HEADER } from './map-sessions.js'
import { realClock, serveVaults, VISITORS } from './vaults.js'

/** Seconds that an approval lasts. */
const LIFE = 43_200
const floor = new Map<string, { readonly approved: string, readonly at: number }>()

const app = Fastify()
const clock = realClock()
const sessions = mapSessions(app, [...VISITORS, ...VISITORS])
await app.register(verifyTotp, {
  issuer: 'Acme',
  keys: [randomBytes(32)],
  store: memoryStore(),
  identify: request => request.login?.identity,
  session: { read: request => request.login?.mark, write: () => {} },
  clock: clock.now
})
await serveVaults(app, async () => {
  const [ids, half] = [[...sessions.keys()], VISITORS.length]
  const visits = { header: SESSION_HEADER, approved: ids.slice(0, half), unapproved: ids.slice(half) }
  for (const id of visits.approved) {
    const login = sessions.get(id)
    const { session: { mark } } = await approved(app, login?.identity ?? '', clock)
    if (login === undefined || mark === null) continue
    login.mark = mark
    floor.set(login.identity, { approved: hash('sha256', mark, 'base64url'), at: clock.now() })
  }
  return visits
}, {
  hook: async () => {},
  // One question to something that answers with a promise, and what came of it is checked.
  async floor ({ login }) {
    const { identity = '', mark = '' } = login ?? {}
    const kept = await load(identity)
    const approved = kept?.approved === hash('sha256', mark, 'base64url')
    if (!approved || clock.now() - kept.at > LIFE) throw new Error('not approved')
  }
})

async function load (identity: string) {
  return floor.get(identity)
}
