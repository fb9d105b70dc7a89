import { createOTP } from '@better-auth/utils/otp'
import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto'
import { verify } from 'otplib'
import { memoryStore } from '../../../dist/index.js'
import { inProcess } from './in-process.js'
import { NODE_MAJOR } from './machine.js'
import { codeAt, enrollAndApprove, handClock, SECRET, serverOver, STEP, wrongCodeAt } from './population.js'
import type { Row } from './row.js'

const OURS = 'ours'
const OTPLIB = 'otplib, its verify alone'
const BETTER_AUTH = 'better-auth, decrypt and verify alone'
const PEOPLE = 1000

/** A right code over `memoryStore`: load, open, judge, burn by compare-and-set, approve. */
export const challenge: Row = {
  name: 'challenge',
  title: 'a whole challenge in process, over memoryStore',
  unit: 'µs',
  rounds: 15,
  turns: 9,
  goals: [
    // Newer versions of Node.js run otplib's arithmetic in half the time.
    { of: OURS, to: OTPLIB, atMost: NODE_MAJOR < 22 ? 1.1 : 1.5 },
    { of: BETTER_AUTH, to: OURS, atLeast: 2 }
  ],
  async open () {
    const clock = handClock()
    const app = await serverOver(memoryStore(), clock)
    const marks = new Map<string, string | null>()
    for (let person = 0; person < PEOPLE; person++) {
      const { identity, session } = await enrollAndApprove(app, `user-${person}`, clock)
      marks.set(identity, session.mark)
    }
    let code = ''
    const now = clock.now()
    const token = wrongCodeAt(now)
    const otplib = { secret: new Uint8Array(SECRET), token, epoch: now, epochTolerance: STEP }
    const key = 'a better secret, of more than 32 characters'
    const sealed = await symmetricEncrypt({ key, data: SECRET.toString() })
    return {
      contenders: [
        inProcess(OURS, async turn => {
          const place = turn % PEOPLE
          if (place === 0) {
            clock.tick()
            code = codeAt(clock.now())
          }
          const identity = `user-${place}`
          const session = { mark: marks.get(identity) ?? null, began: clock.now() }
          const { mark } = await app.totp.challenge({ identity, session }, { code })
          marks.set(identity, mark)
        }),
        inProcess(OTPLIB, async () => await verify(otplib)),
        inProcess(BETTER_AUTH, async () => {
          const secret = await symmetricDecrypt({ key, data: sealed })
          return await createOTP(secret, { period: STEP, digits: 6 }).verify(otplib.token)
        })
      ],
      async close () { await app.close() }
    }
  }
}
