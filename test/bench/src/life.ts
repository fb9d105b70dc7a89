import type { FastifyInstance } from 'fastify'
import * as OTPAuth from 'otpauth'
import type { SessionCaller } from '../../../dist/index.js'
import { codeAt, type HandClock } from './population.js'

/** The things a user may do, each of which leaves something in the document. */
export interface Life {
  /** Enrolls and verifies another factor. */
  enroll (): Promise<void>
  /** Begins a session and answers this many challenges in it. */
  logIn (challenges: number): Promise<SessionCaller>
  logOut (caller: SessionCaller): Promise<unknown>
}

/** The life of a user who is enrolled already. */
export function lifeOf (identity: string, { totp }: FastifyInstance, clock: HandClock): Life {
  const operator = { identity, operator: true } as const
  return {
    async enroll () {
      const { factor, secret } = await totp.enroll(operator, { friendlyName: 'n'.repeat(64) })
      const code = new OTPAuth.TOTP({ secret }).generate({ timestamp: clock.now() * 1000 })
      await totp.verify(operator, factor.sid, code)
    },

    async logIn (challenges) {
      let mark: string | null = null
      for (let i = 0; i < challenges; i++) {
        clock.tick()
        const session: SessionCaller['session'] = { mark, began: clock.now() }
        ;({ mark } = await totp.challenge({ identity, session }, { code: codeAt(clock.now()) }))
      }
      return { identity, session: { mark, began: clock.now() } }
    },

    logOut: async caller => await totp.withdraw(caller)
  }
}

/** Does the same several times; returns all answers. */
export async function repeat<T> (times: number, act: () => Promise<T>): Promise<T[]> {
  const answers: T[] = []
  for (let i = 0; i < times; i++) answers.push(await act())
  return answers
}
