import Fastify, { type FastifyInstance, type FastifyRequest, type FastifySchema } from 'fastify'
import * as OTPAuth from 'otpauth'
import { SECRET } from '../population.js'
import { answerBench } from './answer-bench.js'
import { challenges, PATH, PEOPLE } from './challenges.js'
import { mapSessions } from './map-sessions.js'

/** A moment for libraries that take the same code again and again. */
export const NOW = 1_800_000_000

/** Judges a code by its user's secret, which is in base32. */
export type Judge = (secret: string, code: string, request: FastifyRequest) => boolean | Promise<boolean>

/** The answer of every server. */
export const ANSWER = {
  status: 'approved',
  approval: {
    factorSid: 'YF0123456789abcdef0123456789abcdef',
    at: '2027-01-15T08:00:00.000Z',
    expiresAt: '2027-01-15T20:00:00.000Z'
  }
}

const text = { type: 'string' }
const approval = {
  type: 'object',
  required: ['factorSid', 'at', 'expiresAt'],
  properties: { factorSid: text, at: text, expiresAt: text }
}
const answer = { type: 'object', required: ['status', 'approval'], properties: { status: text, approval } }
const body = { type: 'object', required: ['code'], properties: { code: text } }
const bare: FastifySchema = { response: { 200: answer } }
/** The schema of a route that takes a code. */
export const JUDGING: FastifySchema = { ...bare, body }

/** A route that answers as much as the plugin does, and does nothing else. */
export async function serveBare (): Promise<void> {
  const app = Fastify()
  const sessions = mapSessions(app, PEOPLE)
  app.post(PATH, { schema: bare }, async (request, reply) => {
    if (request.login === null) return await reply.code(401).send()
    return ANSWER
  })
  await answerBench(app, challenges(sessions.keys(), () => NOW))
}

/** The same route, with a library that judges the code in it. */
export async function serveByHand (judge: Judge, app: FastifyInstance = Fastify()): Promise<void> {
  const sessions = mapSessions(app, PEOPLE)
  const { base32 } = new OTPAuth.Secret({ buffer: new Uint8Array(SECRET).buffer })
  const secrets = new Map(PEOPLE.map(identity => [identity, base32]))
  app.post<{ Body: { code: string } }>(PATH, { schema: JUDGING }, async (request, reply) => {
    const secret = secrets.get(request.login?.identity ?? '')
    if (secret === undefined) return await reply.code(401).send()
    if (!await judge(secret, request.body.code, request)) return await reply.code(403).send()
    return ANSWER
  })
  await answerBench(app, challenges(sessions.keys(), () => NOW))
}
