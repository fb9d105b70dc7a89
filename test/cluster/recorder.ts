import assert from 'node:assert/strict'
import { TotpError } from '../../src/index.js'
import { authenticator, type Authenticator } from '../authenticator.js'
import type { ExampleServer } from '../example/example-server.js'
import { guest, type Answer } from '../example/guest.js'
import type { Cluster } from './cluster.js'
import { told, type Act, type Entry } from './journal.js'

/** A login session, known to all servers. */
export interface LoginSession {
  readonly name: string
  readonly identity: string
  readonly cookies: Map<string, string>
}

/** A factor, with the app that has its secret, and the session that enrolled it. */
export interface Phone extends Authenticator {
  readonly sid: string
  readonly session: LoginSession
}

/** What is asked on top of the act. */
export interface Asked {
  readonly phone?: Phone
  /** The step whose code is given; null for a wrong code. */
  readonly step?: number | null
  /** Whether the factor is named with its code. */
  readonly named?: boolean
  /** A new name. */
  readonly name?: string
}

/** Asks, and writes down what was answered. */
export interface Recorder {
  readonly journal: readonly Entry[]
  login (server: ExampleServer, identity: string): Promise<LoginSession>
  ask (server: ExampleServer, session: LoginSession, act: Act, asked?: Asked): Promise<Entry>
  /** The factor that was enrolled, or null. */
  enroll (server: ExampleServer, session: LoginSession): Promise<Phone | null>
  /** The same, verified with the code of the step before, so that two more are still to come. */
  enrollEarly (server: ExampleServer, session: LoginSession): Promise<Phone>
  operate (act: 'revoke' | 'unlock' | 'reset', identity: string): Promise<Entry>
}

const TIME_STEP = 30

/** The step of a moment in Unix seconds. */
export function stepOf (time: number): number {
  return Math.floor(time / TIME_STEP)
}

/** Begins a journal. */
export function recorder ({ now, operator }: Cluster): Recorder {
  const journal: Entry[] = []
  let moments = 0
  let sessions = 0

  async function written (
    asked: Pick<Entry, 'act' | 'identity' | 'session'> & Partial<Entry>,
    ask: () => Promise<Answered>
  ): Promise<Entry> {
    const sent = moments++
    const from = now()
    const reply = await ask()
    const answered = reply.status === null ? Infinity : moments++
    const about = { factor: null, step: null, name: null, listed: {}, ...asked, ...reply }
    const entry = { ...about, sent, answered, from, until: now() }
    journal.push(entry)
    return entry
  }

  async function ask (
    server: ExampleServer, session: LoginSession, act: Act, asked: Asked = {}
  ): Promise<Entry> {
    const { identity, name } = session
    const about = { factor: asked.phone?.sid ?? null, step: asked.step ?? null, name: asked.name ?? null }
    const [method, path, body] = requestOf(act, asked, now)
    return await written({ act, identity, session: name, ...about }, async () => {
      const answer = await answerOf(async () =>
        await guest(server.url, session.cookies).request(method, path, body))
      if (answer === null) return { status: null, code: null }
      return { ...statusOf(answer), ...act === 'list' && { listed: listedIn(answer) } }
    })
  }

  async function enroll (server: ExampleServer, session: LoginSession): Promise<Phone | null> {
    const { identity, name } = session
    let phone: Phone | null = null
    await written({ act: 'enroll', identity, session: name }, async () => {
      const answer = await answerOf(async () =>
        await guest(server.url, session.cookies).request('POST', '/totp/factors', {}))
      if (answer === null) return { status: null, code: null }
      if (answer.status !== 201) return statusOf(answer)
      const { factor, binding } = answer.json()
      phone = { ...authenticator(binding.secret, factor.config), sid: factor.sid, session }
      return { ...statusOf(answer), factor: factor.sid, name: factor.friendlyName }
    })
    return phone
  }

  return {
    journal,
    ask,
    enroll,

    async login (server, identity) {
      const session = { name: `${identity} ${++sessions}`, identity, cookies: new Map<string, string>() }
      await written({ act: 'log in', identity, session: session.name }, async () => {
        const answer = await answerOf(async () => await guest(server.url, session.cookies).login(identity))
        return answer === null ? { status: null, code: null } : statusOf(answer)
      })
      return session
    },

    async enrollEarly (server, session) {
      const phone = await enroll(server, session)
      assert(phone !== null, 'it is enrolled')
      for (let tries = 0; tries < 3; tries++) {
        // It expires on the way when a time step ends just then.
        const entry = await ask(server, session, 'verify', { phone, step: stepOf(now()) - 1 })
        if (entry.status === 200) return phone
      }
      throw new Error(`no code of the step before was accepted: ${journal.slice(-3).map(told).join(', ')}`)
    },

    async operate (act, identity) {
      return await written({ act, identity, session: null }, async () => {
        try {
          await operator[act](identity)
          return { status: 204, code: null }
        } catch (error) {
          return failureOf(error)
        }
      })
    }
  }
}

type Answered = Pick<Entry, 'status' | 'code'> & Partial<Pick<Entry, 'listed' | 'factor' | 'name'>>

/** Null when the server has gone. */
async function answerOf (request: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await request()
  } catch (error) {
    // What `fetch` says of a connection that broke.
    if (error instanceof TypeError) return null
    throw error
  }
}

function statusOf ({ status, code }: Answer): Pick<Entry, 'status' | 'code'> {
  return { status, code: code ?? null }
}

function failureOf (error: unknown): Pick<Entry, 'status' | 'code'> {
  if (!(error instanceof TotpError)) throw error
  return { status: error.statusCode, code: error.code }
}

function listedIn (answer: Answer): Record<string, string> {
  if (answer.status !== 200) return {}
  const factors: Array<{ sid: string, friendlyName: string, status: string }> = answer.json().factors
  return Object.fromEntries(factors.filter(({ status }) => status === 'verified')
    .map(({ sid, friendlyName }) => [sid, friendlyName]))
}

function requestOf (
  act: Act, { phone, step = null, named = false, name }: Asked, now: () => number
): [method: string, path: string, body?: object] {
  const factor = `/totp/factors/${phone?.sid}`
  const code = () => step === null ? phone?.wrongCode(now()) : phone?.code(step * TIME_STEP)
  switch (act) {
    case 'log out': return ['POST', '/logout']
    case 'withdraw': return ['DELETE', '/totp/approval']
    case 'vault': return ['GET', '/vault']
    case 'transfer': return ['POST', '/transfer']
    case 'report': return ['GET', '/admin/report']
    case 'list': return ['GET', '/totp/factors']
    case 'verify': return ['POST', `${factor}/verify`, { code: code() }]
    case 'challenge': return ['POST', '/totp/challenges', { code: code(), ...named && { factorSid: phone?.sid } }]
    case 'rename': return ['PATCH', factor, { friendlyName: name }]
    case 'remove': return ['DELETE', factor]
    default: throw new Error(`there is no route to ${act}`)
  }
}
