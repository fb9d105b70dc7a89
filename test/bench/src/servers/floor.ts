import { createCipheriv, createDecipheriv, createSecretKey, hash, randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import { hotpKey } from '../../../../dist/otp/hotp.js'
import { matchingStep } from '../../../../dist/otp/totp.js'
import { handClock, SECRET } from '../population.js'
import { answering } from './answering.js'
import { ANSWER, JUDGING } from './by-hand.js'
import { challenges, PATH, PEOPLE } from './challenges.js'
import { mapSessions } from './map-sessions.js'

/** What has to be kept of somebody at the least. */
interface Kept {
  readonly nonce: Buffer
  readonly sealed: Buffer
  readonly lastStep: number
  /** Of what the approved session holds. */
  readonly approved: string | null
}

const CIPHER = 'aes-256-gcm'
const TAG_BYTES = 16
const CONFIG = { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 } as const
const key = createSecretKey(randomBytes(32))

// The same route with what no second factor can do without: the secret is kept sealed, a code works once, and
// the session is approved. Nothing is checked, locked, limited, or could be taken back.
const app = Fastify()
const clock = handClock()
const sessions = mapSessions(app, PEOPLE)
const store = new Map(PEOPLE.map((identity): [string, Kept] => [identity, enrolled(identity)]))
app.post<{ Body: { code: string } }>(PATH, { schema: JUDGING }, async (request, reply) => {
  const { login } = request
  const kept = login === null ? undefined : await load(login.identity)
  if (login === null || kept === undefined) return await reply.code(401).send()
  const secret = hotpKey(CONFIG.alg, opened(login.identity, kept))
  const step = matchingStep(secret, request.body.code, clock.now(), CONFIG)
  if (step === null || step <= kept.lastStep) return await reply.code(403).send()
  const mark = randomBytes(16).toString('base64url')
  const next = { ...kept, lastStep: step, approved: hash('sha256', mark, 'base64url') }
  if (!await replace(login.identity, kept, next)) return await reply.code(409).send()
  login.mark = mark
  return ANSWER
})
await answering(app, challenges(sessions.keys(), () => {
  clock.tick()
  return clock.now()
}))

async function load (identity: string): Promise<Kept | undefined> {
  return store.get(identity)
}

async function replace (identity: string, kept: Kept, next: Kept): Promise<boolean> {
  if (store.get(identity) !== kept) return false
  store.set(identity, next)
  return true
}

function enrolled (identity: string): Kept {
  const nonce = randomBytes(12)
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(identity))
  const sealed = Buffer.concat([cipher.update(SECRET), cipher.final(), cipher.getAuthTag()])
  return { nonce, sealed, lastStep: 0, approved: null }
}

function opened (identity: string, { nonce, sealed }: Kept): Buffer {
  const decipher = createDecipheriv(CIPHER, key, nonce)
    .setAAD(Buffer.from(identity))
    .setAuthTag(sealed.subarray(-TAG_BYTES))
  const secret = decipher.update(sealed.subarray(0, -TAG_BYTES))
  decipher.final()
  return secret
}
