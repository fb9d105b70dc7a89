import { createHmac, createSecretKey } from 'node:crypto'
import { NodeCryptoPlugin } from '@otplib/plugin-crypto-node'
import * as OTPAuth from 'otpauth'
import { verifySync } from 'otplib'
import type { HmacKey } from '../../../dist/otp/hmac.js'
import { hotpKey } from '../../../dist/otp/hotp.js'
import { matchingStep } from '../../../dist/otp/totp.js'
import { inProcess } from './in-process.js'
import { NODE_MAJOR } from './machine.js'
import { codeAt, SECRET, STEP, wrongCodeAt } from './population.js'
import type { Contender, Row } from './row.js'

const CONFIG = { alg: 'sha1', codeLength: 6, timeStep: STEP, skew: 1 } as const
const NOW = 1_800_000_000
const WRONG = wrongCodeAt(NOW)

const OURS = 'ours'
const HMACS = 'three createHmac with a KeyObject'
const OTPLIB = 'otplib'
const OTPAUTH = 'otpauth'
const NODE_20 = NODE_MAJOR === 20
/** `createHmac` with a Buffer, as otpauth calls it, is slow on these versions. */
const REBUILDS_KEYS = NODE_MAJOR >= 22 && NODE_MAJOR < 26

/** A wrong code, judged with a secret that is open already. */
export const judging: Row = {
  name: 'verify',
  title: 'judging a wrong code, secret opened already',
  unit: 'µs',
  rounds: 15,
  turns: 5,
  goals: [
    { of: OTPLIB, to: OURS, atLeast: NODE_20 ? 10 : 7 },
    { of: OTPAUTH, to: OURS, atLeast: REBUILDS_KEYS ? 20 : 4 },
    { of: HMACS, to: OURS, ...(NODE_20 ? { atLeast: 2.5 } : {}) },
    { of: `${OTPLIB}, its plugin of node:crypto`, to: OURS }
  ],
  async open () {
    const key = createSecretKey(SECRET)
    const counter = Buffer.alloc(8)
    const totp = new OTPAuth.TOTP({ secret: new OTPAuth.Secret({ buffer: new Uint8Array(SECRET).buffer }) })
    const otplib = { secret: new Uint8Array(SECRET), token: WRONG, epoch: NOW, epochTolerance: STEP }
    const crypto = new NodeCryptoPlugin()
    return {
      contenders: [
        ours(OURS, hotpKey(CONFIG.alg, SECRET), WRONG),
        inProcess(HMACS, () => {
          for (let step = -1; step <= 1; step++) {
            counter.writeUInt32BE(NOW / STEP + step, 4)
            createHmac('sha1', key).update(counter).digest()
          }
        }),
        inProcess(OTPLIB, () => verifySync(otplib)),
        inProcess(`${OTPLIB}, its plugin of node:crypto`, () => verifySync({ ...otplib, crypto })),
        inProcess(OTPAUTH, () => totp.validate({ token: WRONG, timestamp: NOW * 1000, window: 1 }))
      ],
      async close () {}
    }
  }
}

const [BEFORE, CURRENT, NEXT] = ['the code before', 'the current code', 'the next code']
const [ANY_WRONG, AGAIN] = ['a wrong code', 'a wrong code, again']

/** The time that a verdict takes must not reveal it. */
export const evenness: Row = {
  name: 'evenness',
  title: 'the same work whatever the code',
  unit: 'µs',
  rounds: 20,
  turns: 5,
  goals: [
    ...[BEFORE, CURRENT, NEXT].map(of => ({ of, to: ANY_WRONG, atLeast: 0.97, atMost: 1.03 })),
    { of: AGAIN, to: ANY_WRONG }
  ],
  async open () {
    // One key for all of them: its place in memory can make a few percent.
    const key = hotpKey(CONFIG.alg, SECRET)
    return {
      contenders: [
        ours(BEFORE, key, codeAt(NOW - STEP)),
        ours(CURRENT, key, codeAt(NOW)),
        ours(ANY_WRONG, key, WRONG),
        ours(NEXT, key, codeAt(NOW + STEP)),
        ours(AGAIN, key, WRONG)
      ],
      async close () {}
    }
  }
}

function ours (name: string, key: HmacKey, code: string): Contender {
  return inProcess(name, () => matchingStep(key, code, NOW, CONFIG))
}
