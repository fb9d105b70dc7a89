import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import verifyTotp, { memoryStore } from '../../../../dist/index.js'
import { approved } from '../population.js'
import { mapSessions, SESSION_HEADER } from './map-sessions.js'
import { realClock, serveVaults, VISITORS } from './vaults.js'

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
    if (login !== undefined && mark !== null) login.mark = mark
  }
  return visits
})
