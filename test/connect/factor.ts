import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createTotp, memoryStore, type ConnectTotp, type ConnectTotpOptions, type EntityStore } from '../../src/connect.js'
import { testClock } from '../../src/testing.js'
import { authenticator, type Authenticator } from '../authenticator.js'
import { KEY, START } from '../site.js'
import type { Answer, Asked, Served } from './server.js'

/** A login session of a bearer token. */
interface TokenSession { readonly userId: string, mark?: string }

type Options = ConnectTotpOptions<IncomingMessage, ServerResponse>

/** A second factor for tests, with login sessions in a table of bearer tokens. */
export interface SecondFactor {
  readonly totp: ConnectTotp<IncomingMessage, ServerResponse>
  readonly store: EntityStore
  readonly sessions: Map<string, TokenSession>
  /** What was logged: the message, and that of the error and its cause. */
  readonly logged: string[]
  now (): number
  wait (seconds: number): void
  /** Logs a user in. Returns the headers that their requests have. */
  login (userId: string): Headers
  /** Enrolls and verifies an authenticator app, over the endpoints of a server. */
  enroll (served: Served, headers: Headers, prefix?: string): Promise<Factor>
}

/** A verified factor, with the app that holds its secret. */
export interface Factor extends Authenticator { readonly sid: string }

export type Headers = Readonly<Record<'authorization', string>>

export function secondFactor (options: Partial<Options> = {}): SecondFactor {
  const sessions = new Map<string, TokenSession>()
  const logged: string[] = []
  const store = options.store ?? memoryStore()
  const time = testClock(START)
  const sessionOf = ({ headers }: IncomingMessage) => sessions.get(headers.authorization ?? '')
  const totp = createTotp({
    issuer: 'Acme',
    keys: [KEY],
    identify: request => sessionOf(request)?.userId,
    session: {
      read: request => sessionOf(request)?.mark,
      write (request, _response, mark) {
        const session = sessionOf(request)
        if (session === undefined) throw new Error('the session has ended')
        session.mark = mark
      }
    },
    clock: time,
    log: (error, message) => { logged.push([message, error.message, causeOf(error)].join('; ')) },
    ...options,
    store
  })

  async function post (served: Served, path: string, headers: Headers, body: object): Promise<Answer> {
    return await served.ask(asking(path, headers, body))
  }

  return {
    totp,
    store,
    sessions,
    logged,
    now: time,
    wait: time.advance,

    login (userId) {
      const authorization = `Bearer ${userId}-${sessions.size}`
      sessions.set(authorization, { userId })
      return { authorization }
    },

    async enroll (served, headers, prefix = '/totp') {
      const enrolled = await post(served, `${prefix}/factors`, headers, {})
      assert.equal(enrolled.status, 201, enrolled.text)
      const { factor: { sid, config }, binding } = enrolled.json()
      const app = authenticator(binding.secret, config)
      const verified = await post(served, `${prefix}/factors/${sid}/verify`, headers, { code: app.code(time()) })
      assert.equal(verified.status, 200, verified.text)
      return { ...app, sid }
    }
  }
}

/** A request with a JSON body. */
export function asking (path: string, headers: Headers, body: object): Asked {
  return { method: 'POST', path, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
}

function causeOf ({ cause }: Error): string {
  return cause instanceof Error ? cause.message : ''
}
