import { randomBytes } from 'node:crypto'
import express, { type Request } from 'express'
import { createTotp, memoryStore } from '../../../../dist/connect.js'
import { enrollAndApprove, handClock, STEP } from '../population.js'
import { answerBench } from './answer-bench.js'
import { ANSWER } from './by-hand.js'
import { challenges, PEOPLE } from './challenges.js'
import { listening } from './express-app.js'
import { SESSION_HEADER, sessionsOf, type MapSession } from './map-sessions.js'

// One process serves both the endpoint and a bare route, which answers as much and does nothing else.
const app = express()
const clock = handClock()
const sessions = sessionsOf(PEOPLE)
const totp = createTotp({
  issuer: 'Acme',
  keys: [randomBytes(32)],
  store: memoryStore(),
  identify: (request: Request) => sessionOf(request)?.identity,
  session: {
    read: (request: Request) => sessionOf(request)?.mark,
    write (request, _response, mark) {
      const session = sessionOf(request)
      if (session !== undefined) session.mark = mark
    }
  },
  clock: clock.now,
  // Approvals of earlier turns expire, so documents don't grow.
  maxAge: 2 * STEP,
  freshness: STEP
})
app.use(totp.routes())
app.post('/bare', express.json(), (request, response) => {
  if (sessionOf(request) === undefined) response.sendStatus(401)
  else response.json(ANSWER)
})
for (const session of sessions.values()) {
  const { session: { mark } } = await enrollAndApprove({ totp }, session.identity, clock)
  if (mark !== null) session.mark = mark
}

const { right, wrong } = challenges(sessions.keys(), () => {
  clock.tick()
  return clock.now()
})
await answerBench(listening(app), { right, wrong, bare: async () => ({ ...await right(), path: '/bare' }) })

function sessionOf (request: Request): MapSession | undefined {
  return sessions.get(request.get(SESSION_HEADER) ?? '')
}
