import { createCipheriv, createDecipheriv, createSecretKey, hash, randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import { hotpKey } from '../../../../dist/otp/hotp.js'
import { matchingStep } from '../../../../dist/otp/totp.js'
import { handClock, SECRET } from '../population.js'
import { answerBench } from './answer-bench.js'
import { ANSWER, JUDGING } from './by-hand.js'
import { challenges, PATH, PEOPLE } from './challenges.js'
import { mapSessions } from './map-sessions.js'

/** The least that a server must store about a user. */
interface Stored {
  readonly nonce: Buffer
  readonly sealed: Buffer
  readonly lastStep: number
  /** The hash of the mark that the approved session holds. */
  readonly approved: string | null
}

const CIPHER = 'aes-256-gcm'
const TAG_BYTES = 16
const CONFIG = { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 } as const
const key = createSecretKey(randomBytes(32))

// The same route with the least that a second factor must do: the secret is sealed, a code works once, and
// the session is approved. It checks no document, limits no attempts, and can't revoke an approval.
const app = Fastify()
const clock = handClock()
const sessions = mapSessions(app, PEOPLE)
const store = new Map(PEOPLE.map((identity): [string, Stored] => [identity, enroll(identity)]))
app.post<{ Body: { code: string } }>(PATH, { schema: JUDGING }, async (request, reply) => {
  const { login } = request
  const stored = login === null ? undefined : await load(login.identity)
  if (login === null || stored === undefined) return await reply.code(401).send()
  const secret = hotpKey(CONFIG.alg, openSecret(login.identity, stored))
  const step = matchingStep(secret, request.body.code, clock.now(), CONFIG)
  if (step === null || step <= stored.lastStep) return await reply.code(403).send()
  const mark = randomBytes(16).toString('base64url')
  const next = { ...stored, lastStep: step, approved: hash('sha256', mark, 'base64url') }
  if (!await replace(login.identity, stored, next)) return await reply.code(409).send()
  login.mark = mark
  return ANSWER
})
await answerBench(app, challenges(sessions.keys(), () => {
  clock.tick()
  return clock.now()
}))

async function load (identity: string): Promise<Stored | undefined> {
  return store.get(identity)
}

async function replace (identity: string, stored: Stored, next: Stored): Promise<boolean> {
  if (store.get(identity) !== stored) return false
  store.set(identity, next)
  return true
}

function enroll (identity: string): Stored {
  const nonce = randomBytes(12)
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(identity))
  const sealed = Buffer.concat([cipher.update(SECRET), cipher.final(), cipher.getAuthTag()])
  return { nonce, sealed, lastStep: 0, approved: null }
}

function openSecret (identity: string, { nonce, sealed }: Stored): Buffer {
  const decipher = createDecipheriv(CIPHER, key, nonce)
    .setAAD(Buffer.from(identity))
    .setAuthTag(sealed.subarray(-TAG_BYTES))
  const secret = decipher.update(sealed.subarray(0, -TAG_BYTES))
  decipher.final()
  return secret
}
