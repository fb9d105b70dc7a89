import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import verifyTotp, { memoryStore } from '../../../../dist/index.js'
import { approved, handClock, STEP } from '../population.js'
import { answering, type Preparation } from './answering.js'
import { challenges, PEOPLE } from './challenges.js'
import { mapSessions } from './map-sessions.js'

const app = Fastify()
const clock = handClock()
const sessions = mapSessions(app, PEOPLE)
await app.register(verifyTotp, {
  issuer: 'Acme',
  keys: [randomBytes(32)],
  store: memoryStore(),
  identify: request => request.login?.identity,
  session: {
    read: request => request.login?.mark,
    write: ({ login }, _reply, mark) => { if (login !== null) login.mark = mark }
  },
  clock: clock.now,
  // So that approvals of earlier turns come to an end.
  maxAge: 2 * STEP,
  freshness: STEP
})
for (const session of sessions.values()) {
  const { session: { mark } } = await approved(app, session.identity, clock)
  if (mark !== null) session.mark = mark
}

const { right, wrong } = challenges(sessions.keys(), () => {
  clock.tick()
  return clock.now()
})
await answering(app, { right, wrong, first })

/** As after a log-in, when the session holds no mark yet. */
function first (): ReturnType<Preparation> {
  for (const session of sessions.values()) delete session.mark
  return right()
}
