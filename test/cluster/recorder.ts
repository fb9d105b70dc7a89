import assert from 'node:assert/strict'
import { TotpError } from '../../src/index.js'
import { authenticator, type Authenticator } from '../authenticator.js'
import type { ExampleServer } from '../example/example-server.js'
import { guest, type Answer } from '../example/guest.js'
import type { Cluster } from './cluster.js'
import { NOTHING, told, type Act, type Entry } from './journal.js'

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

/** A recovery code or a pass. */
export interface RecoveryCode {
  /** As the journal calls it. */
  readonly name: string
  readonly text: string
}

/** The cookie of a remembered browser, as it was given out. */
export interface BrowserCookie {
  readonly identity: string
  readonly value: string
}

/** What is asked on top of the act. */
export interface Asked {
  readonly phone?: Phone
  /** The step whose code is given; null for a wrong code. */
  readonly step?: number | null
  readonly recovery?: RecoveryCode
  /** Whether the factor is named with its code. */
  readonly named?: boolean
  /** Whether a right code remembers the browser. */
  readonly remember?: boolean
  /** The browser to forget: its sid, `current` or `all`. */
  readonly browser?: string
  /** A new name. */
  readonly name?: string
}

/** Asks, and writes down what was answered. */
export interface Recorder {
  readonly journal: readonly Entry[]
  /** A new session, in a browser that may have been remembered. */
  login (server: ExampleServer, identity: string, cookie?: BrowserCookie): Promise<LoginSession>
  ask (server: ExampleServer, session: LoginSession, act: Act, asked?: Asked): Promise<Entry>
  /** The factor that was enrolled, or null. */
  enroll (server: ExampleServer, session: LoginSession): Promise<Phone | null>
  /** The same, verified with the code of the step before, so that two more are still to come. */
  enrollEarly (server: ExampleServer, session: LoginSession): Promise<Phone>
  operate (act: 'revoke' | 'unlock' | 'reset' | 'pass', identity: string): Promise<Entry>
  /** Every recovery code and pass of an identity that any answer has shown, the oldest first. */
  shown (identity: string): readonly RecoveryCode[]
  /** The cookies of all browsers that were ever remembered, of all identities, the oldest first. */
  readonly cookies: readonly BrowserCookie[]
}

/** The cookie of remembered browsers, without the prefix that takes HTTPS. */
const COOKIE = 'totp-browser'

const TIME_STEP = 30

/** The step of a moment in Unix seconds. */
export function stepOf (time: number): number {
  return Math.floor(time / TIME_STEP)
}

/** Begins a journal. */
export function recorder ({ now, operator }: Cluster): Recorder {
  const journal: Entry[] = []
  const codes = new Map<string, RecoveryCode[]>()
  const cookies: BrowserCookie[] = []
  const tokenNames = new Map<string, string>()
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
    const entry = { ...NOTHING, ...asked, ...reply, sent, answered, from, until: now() }
    journal.push(entry)
    return entry
  }

  async function ask (
    server: ExampleServer, session: LoginSession, act: Act, asked: Asked = {}
  ): Promise<Entry> {
    const { identity, name } = session
    const { phone, step = null, name: given = null, recovery, browser = null } = asked
    const about = {
      factor: phone?.sid ?? null,
      step,
      recovery: recovery?.name ?? null,
      name: given,
      browser,
      tokens: tokensIn(session.cookies.get(COOKIE))
    }
    const [method, path, body, headers] = requestOf(act, asked, now)
    return await written({ act, identity, session: name, ...about }, async () => {
      const answer = await answerOf(async () =>
        await guest(server.url, session.cookies).request(method, path, body, headers))
      if (answer === null) return { status: null, code: null }
      const made = keep(identity, 'code', recoveryCodesIn(answer))
      return {
        ...statusOf(answer),
        made,
        ...act === 'challenge' && { remembered: keepCookie(identity, answer) },
        ...act === 'list' && { listed: listedIn(answer) },
        ...act === 'browsers' && browsersIn(answer)
      }
    })
  }

  /** The names of the tokens in a cookie. */
  function tokensIn (cookie = ''): string[] {
    return cookie.split('.').filter(token => token !== '').map(token => {
      const name = tokenNames.get(token) ?? `browser ${tokenNames.size}`
      tokenNames.set(token, name)
      return name
    })
  }

  /** Keeps the cookie that an answer gave to the browser. The name of its new token; null without one. */
  function keepCookie (identity: string, { headers }: Answer): string | null {
    const [line] = headers.getSetCookie().filter(line => line.startsWith(`${COOKIE}=`))
    const [, value = ''] = /=([^;]*)/.exec(line ?? '') ?? []
    if (value !== '') cookies.push({ identity, value })
    return tokensIn(value)[0] ?? null
  }

  /** Keeps codes that were shown, and gives them names. */
  function keep (identity: string, kind: 'code' | 'pass', texts: readonly string[]): string[] {
    const known = codes.get(identity) ?? []
    const added = texts.map((text, i) => ({ name: `${kind} ${known.length + i}`, text }))
    codes.set(identity, [...known, ...added])
    return added.map(({ name }) => name)
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

    async login (server, identity, cookie) {
      const jar = new Map(cookie === undefined ? [] : [[COOKIE, cookie.value]])
      const session = { name: `${identity} ${++sessions}`, identity, cookies: jar }
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
          if (act !== 'pass') await operator[act](identity)
          const passes = act === 'pass' ? [(await operator.pass(identity, { by: 'Carol' })).code] : []
          return { status: 204, code: null, made: keep(identity, 'pass', passes) }
        } catch (error) {
          return failureOf(error)
        }
      })
    },

    shown: identity => codes.get(identity) ?? [],
    cookies
  }
}

type Answered = Pick<Entry, 'status' | 'code'> & Partial<Entry>

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

function recoveryCodesIn (answer: Answer): string[] {
  return answer.status < 300 && answer.text.startsWith('{') ? answer.json().recoveryCodes ?? [] : []
}

function listedIn (answer: Answer): Record<string, string> {
  if (answer.status !== 200) return {}
  const factors: Array<{ sid: string, friendlyName: string, status: string }> = answer.json().factors
  return Object.fromEntries(factors.filter(({ status }) => status === 'verified')
    .map(({ sid, friendlyName }) => [sid, friendlyName]))
}

/** The browsers that were listed, and which one asked. */
function browsersIn (answer: Answer): Pick<Entry, 'browsers' | 'current'> {
  if (answer.status !== 200) return { browsers: [], current: null }
  const browsers: Array<{ sid: string, current: boolean }> = answer.json().browsers
  const current = browsers.find(({ current }) => current)
  return { browsers: browsers.map(({ sid }) => sid), current: current?.sid ?? null }
}

function requestOf (
  act: Act, { phone, step = null, recovery, named = false, remember, browser, name }: Asked, now: () => number
): [method: string, path: string, body?: object, headers?: Record<string, string>] {
  const factor = `/totp/factors/${phone?.sid}`
  const code = () => step === null ? phone?.wrongCode(now()) : phone?.code(step * TIME_STEP)
  const sid = named && phone !== undefined ? { 'totp-factor': phone.sid } : {}
  switch (act) {
    case 'log out': return ['POST', '/logout']
    case 'withdraw': return ['DELETE', '/totp/approval']
    case 'vault': return ['GET', '/vault']
    case 'transfer': return ['POST', '/transfer']
    case 'pay': return ['POST', '/payment', {}, { ...phone && { 'totp-code': code() ?? '' }, ...sid }]
    case 'report': return ['GET', '/admin/report']
    case 'list': return ['GET', '/totp/factors']
    case 'verify': return ['POST', `${factor}/verify`, { code: code() }]
    case 'challenge': return ['POST', '/totp/challenges', { code: code(), remember, ...named && { factorSid: phone?.sid } }]
    case 'recover': return ['POST', '/totp/recovery', { code: recovery?.text ?? 'AAAA-BBBB-CCCC-DDDD-EEEE-2222' }]
    case 'new codes': return ['POST', '/totp/recovery-codes']
    case 'browsers': return ['GET', '/totp/browsers']
    case 'forget': return ['DELETE', browser === 'all' ? '/totp/browsers' : `/totp/browsers/${browser}`]
    case 'rename': return ['PATCH', factor, { friendlyName: name }]
    case 'remove': return ['DELETE', factor]
    default: throw new Error(`there is no route to ${act}`)
  }
}
