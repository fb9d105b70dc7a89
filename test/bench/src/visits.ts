import type { FastifyInstance } from 'fastify'
import type { Crowd } from './crowd.js'
import { inFlight } from './in-flight.js'
import { codeAt } from './population.js'
import type { Contender } from './row.js'

/** In each pass the clock moves on, and all users, or those of `next`, log in with the new code. */
export function challengeContender (
  name: string, app: FastifyInstance, crowd: Crowd, next: () => readonly string[] = () => crowd.identities
): Contender {
  let code = ''
  return inFlight(name, () => {
    code = nextCode(crowd)
    return next()
  }, async identity => await logIn(app, crowd, identity, code))
}

/** In each pass all users go through the guard with their approved session. */
export function guardContender (name: string, app: FastifyInstance, crowd: Crowd): Contender {
  return inFlight(name, () => crowd.identities, async identity => await passGuard(app, crowd, identity))
}

/** Moves the clock and returns the code that is right from then on. */
export function nextCode ({ clock }: Crowd): string {
  clock.tick()
  return codeAt(clock.now())
}

/** Answers a challenge in a new session. */
export async function logIn (
  { totp }: FastifyInstance, { clock }: Crowd, identity: string, code: string
): Promise<void> {
  await totp.challenge({ identity, session: { mark: null, began: clock.now() } }, { code })
}

/** Goes through the guard with the approved session. */
export async function passGuard (
  { totp }: FastifyInstance, { session }: Crowd, identity: string
): Promise<void> {
  await totp.check({ identity, session })
}
