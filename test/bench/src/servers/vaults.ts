import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify'
import { codeAt, enrollAndApprove, STEP, type HandClock } from '../population.js'
import { answerBench, type Preparation } from './answer-bench.js'

/** The users whose sessions send the requests, one after the other. */
export const VISITORS: readonly string[] = Array.from({ length: 500 }, (_, place) => `user-${place}`)

/** Values of the header that carries a session. */
export interface Visits {
  readonly header: string
  readonly approved: readonly string[]
  /** Logged in, without a second factor. */
  readonly unapproved: readonly string[]
}

/** A hook in front of a route. */
export type Hook = (request: FastifyRequest) => Promise<void>

/** This machine's clock, which a guard has to read; enrolling moves it ahead. */
export function realClock (): HandClock {
  let ahead = 0
  return { now: () => Date.now() / 1000 + ahead, tick () { ahead += STEP } }
}

/** Serves one route behind the guard, behind each of the other hooks, and twice without any. */
export async function serveVaults (
  app: FastifyInstance, visit: () => Promise<Visits>, hooks: Readonly<Record<string, Hook>> = {}
): Promise<void> {
  const answer = { type: 'object', required: ['vault'], properties: { vault: { type: 'string' } } }
  const schema: FastifySchema = { response: { 200: answer } }
  const handler = async () => ({ vault: 'gold' })
  app.get('/bare', { schema }, handler)
  app.get('/same', { schema }, handler)
  const guards = { totp: app.totp.required(), ...hooks }
  for (const [name, preHandler] of Object.entries(guards)) app.get(`/${name}`, { schema, preHandler }, handler)

  const { header, approved, unapproved } = await visit()
  const requests = (path: string, values: readonly string[]): Preparation =>
    () => ({ method: 'GET', path, header, values })
  await answerBench(app, {
    bare: requests('/bare', approved),
    same: requests('/same', approved),
    ...Object.fromEntries(Object.keys(guards).map(name => [name, requests(`/${name}`, approved)])),
    wrong: requests('/totp', unapproved)
  })
}

/** Logs the visitors in at `/login` and answers a challenge for each of them. */
export async function cookiesOf (app: FastifyInstance, clock: HandClock): Promise<Visits> {
  for (const identity of VISITORS) await enrollAndApprove(app, identity, clock)
  clock.tick()
  const visits = { header: 'cookie', approved: [] as string[], unapproved: [] as string[] }
  for (const identity of VISITORS) {
    const cookie = await cookieOf(app, '/login', { identity })
    visits.unapproved.push(await cookieOf(app, '/login', { identity }))
    visits.approved.push(await cookieOf(app, '/totp/challenges', { code: codeAt(clock.now()) }, cookie))
  }
  return visits
}

async function cookieOf (app: FastifyInstance, url: string, payload: object, cookie: string = ''): Promise<string> {
  const { statusCode, cookies, body } = await app.inject({ method: 'POST', url, payload, headers: { cookie } })
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${body}`)
  return cookies.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('; ')
}
