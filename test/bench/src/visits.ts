import type { FastifyInstance } from 'fastify'
import type { Crowd } from './crowd.js'
import { inFlight } from './in-flight.js'
import { codeAt } from './population.js'
import type { Contender } from './row.js'

/** In each pass the clock goes on, and everybody, or those whom `next` names, logs in with the new code. */
export function challenging (
  name: string, app: FastifyInstance, crowd: Crowd, next: () => readonly string[] = () => crowd.identities
): Contender {
  let code = ''
  return inFlight(name, () => {
    code = nextCode(crowd)
    return next()
  }, async identity => await logIn(app, crowd, identity, code))
}

/** In each pass everybody comes by the guard, with the session that is approved. */
export function guarding (name: string, app: FastifyInstance, crowd: Crowd): Contender {
  return inFlight(name, () => crowd.identities, async identity => await passGuard(app, crowd, identity))
}

/** Moves the clock, and answers the code that everybody has then. */
export function nextCode ({ clock }: Crowd): string {
  clock.tick()
  return codeAt(clock.now())
}

/** Answers a challenge, in a session that is new. */
export async function logIn (
  { totp }: FastifyInstance, { clock }: Crowd, identity: string, code: string
): Promise<void> {
  await totp.challenge({ identity, session: { mark: null, since: clock.now() } }, { code })
}

/** Comes by the guard, with the session that is approved. */
export async function passGuard (
  { totp }: FastifyInstance, { session }: Crowd, identity: string
): Promise<void> {
  await totp.check({ identity, session })
}
