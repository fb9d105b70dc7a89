import { randomBytes } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import verifyTotp, { memoryStore } from '../../../dist/index.js'
import { leastGuard } from './least-guard.js'
import { enrollAndApprove } from './population.js'
import { mapSessions, SESSION_HEADER } from './servers/map-sessions.js'
import { realClock, VISITORS, type Hook, type Visits } from './servers/vaults.js'

/** A site whose sessions are in a `Map`. Our guard and the least guard have both approved its visitors. */
export interface MapSite {
  readonly app: FastifyInstance
  readonly visits: Visits
  /** The hook of the least guard. */
  readonly floor: Hook
}

/** A site over `memoryStore`. Routes can still be added. */
export async function mapSite (): Promise<MapSite> {
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
  const { approve, check } = leastGuard(clock.now)
  const [ids, half] = [[...sessions.keys()], VISITORS.length]
  const visits = { header: SESSION_HEADER, approved: ids.slice(0, half), unapproved: ids.slice(half) }
  for (const id of visits.approved) {
    const login = sessions.get(id)
    if (login === undefined) continue
    const { session: { mark } } = await enrollAndApprove(app, login.identity, clock)
    if (mark === null) throw new Error(`${login.identity} was not approved`)
    login.mark = mark
    approve(login.identity, mark)
  }
  return { app, visits, floor: check }
}
