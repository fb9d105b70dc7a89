import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import verifyTotp, { memoryStore } from '../../../../dist/index.js'
import { enrollAndApprove, handClock, STEP } from '../population.js'
import { answerBench, type Preparation } from './answer-bench.js'
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
  // Approvals of earlier turns expire, so documents don't grow.
  maxAge: 2 * STEP,
  freshness: STEP
})
for (const session of sessions.values()) {
  const { session: { mark } } = await enrollAndApprove(app, session.identity, clock)
  if (mark !== null) session.mark = mark
}

const { right, wrong } = challenges(sessions.keys(), () => {
  clock.tick()
  return clock.now()
})
await answerBench(app, { right, wrong, first })

/** As after a login, when the session holds no mark yet. */
function first (): ReturnType<Preparation> {
  for (const session of sessions.values()) delete session.mark
  return right()
}
