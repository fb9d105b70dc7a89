import { createHmac, createSecretKey } from 'node:crypto'
import { NodeCryptoPlugin } from '@otplib/plugin-crypto-node'
import * as OTPAuth from 'otpauth'
import { verifySync } from 'otplib'
import type { HmacKey } from '../../../dist/otp/hmac.js'
import { hotpKey } from '../../../dist/otp/hotp.js'
import { matchingStep } from '../../../dist/otp/totp.js'
import { inProcess } from './in-process.js'
import { codeAt, SECRET, STEP, wrongCodeAt } from './population.js'
import type { Contender, Row } from './row.js'

const CONFIG = { alg: 'sha1', codeLength: 6, timeStep: STEP, skew: 1 } as const
const NOW = 1_800_000_000
const WRONG = wrongCodeAt(NOW)

const OURS = 'ours'
const HMACS = 'three createHmac with a KeyObject'
const OTPLIB = 'otplib'
const OTPAUTH = 'otpauth'
const NODE_20 = process.version.startsWith('v20.')

/** A wrong code, the secret opened already. */
export const judging: Row = {
  name: 'verify',
  title: 'judging a wrong code, secret opened already',
  unit: 'µs',
  rounds: 15,
  goals: [
    { of: OTPLIB, by: OURS, atLeast: NODE_20 ? 10 : 7 },
    { of: OTPAUTH, by: OURS, atLeast: NODE_20 ? 4 : 20 },
    { of: HMACS, by: OURS, ...(NODE_20 ? { atLeast: 2.5 } : {}) },
    { of: `${OTPLIB}, its plugin of node:crypto`, by: OURS }
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

/** The time that a judgement takes must not tell what it was. */
export const evenness: Row = {
  name: 'evenness',
  title: 'the same work whatever the code',
  unit: 'µs',
  rounds: 100,
  goals: [
    ...[BEFORE, CURRENT, NEXT].map(of => ({ of, by: ANY_WRONG, atLeast: 0.97, atMost: 1.03 })),
    { of: AGAIN, by: ANY_WRONG }
  ],
  async open () {
    // One key for all: where its bytes lie can make a few percent.
    const key = hotpKey(CONFIG.alg, SECRET)
    const turns = { milliseconds: 100 }
    return {
      contenders: [
        ours(BEFORE, key, codeAt(NOW - STEP), turns),
        ours(CURRENT, key, codeAt(NOW), turns),
        ours(ANY_WRONG, key, WRONG, turns),
        ours(NEXT, key, codeAt(NOW + STEP), turns),
        ours(AGAIN, key, WRONG, turns)
      ],
      async close () {}
    }
  }
}

function ours (name: string, key: HmacKey, code: string, turns: { milliseconds?: number } = {}): Contender {
  return inProcess(name, () => matchingStep(key, code, NOW, CONFIG), turns)
}
