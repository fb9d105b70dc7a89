import assert from 'node:assert/strict'
import { memoryStore, type EntityStore, type TotpEvent } from '../../src/index.js'
import { requestCaller, requestCookie } from '../../src/http/request-caller.js'
import { serviceOver } from '../../src/http/service.js'
import { UnreadableError } from '../../src/http/unreadable-error.js'
import { settingsOf, type TotpOptions } from '../../src/options.js'
import type { Page, Setting } from '../../src/pages/page.js'
import type { PageExchange } from '../../src/pages/exchange.js'
import { createPages } from '../../src/pages/site.js'
import { setUpVerifier } from '../../src/setup.js'
import { testClock } from '../../src/testing.js'
import type { Verifier } from '../../src/verifier/verifier.js'
import { authenticator, type Authenticator } from '../authenticator.js'
import { KEY, START } from '../site.js'
import { untyped } from '../untyped.js'

/** A request without a framework. */
interface Request {
  readonly user: unknown
  readonly session: { mark: unknown }
  readonly headers: Record<string, string>
}

interface Reply { readonly cookies: string[] }

type Exchange = PageExchange<Request, Reply>

/** What a browser got. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Values of `set-cookie`. */
  readonly cookies: readonly string[]
  readonly body: string
  /** Where a redirect leads to; undefined for a page. */
  readonly location: string | undefined
  /** The page's contents. */
  readonly page: Page
  readonly setting: Setting
}

/** Headers in the place of those that a browser sends. */
type Sent = Readonly<Record<string, string | undefined>>

/** A browser with cookies, and a login session. */
export interface Browser {
  readonly cookies: Map<string, string>
  readonly session: { mark: unknown }
  get (path: string, headers?: Sent): Promise<Answer>
  head (path: string): Promise<Answer>
  post (path: string, fields?: Record<string, string> | string, headers?: Sent): Promise<Answer>
  /** Opens the page that an answer leads to. */
  follow (answer: Answer): Promise<Answer>
  /** Enrolls and verifies an app on the pages. */
  enroll (friendlyName?: string): Promise<App>
  /** Gives the next code of an app to the challenge, without a way back. */
  challenge (app: Authenticator): Promise<Answer>
  /** The same browser with a copy of its cookies and its session, as when it sends two requests at once. */
  copy (): Browser
}

/** An authenticator app, with what enrolling it showed. */
export interface App extends Authenticator {
  readonly secret: string
  readonly recoveryCodes: readonly string[]
}

/** The pages of a server without a framework. */
export interface Desk {
  readonly verifier: Verifier
  readonly events: TotpEvent[]
  readonly logged: Array<{ readonly error: Error, readonly message: string }>
  readonly store: CountingStore
  readonly paths: readonly string[]
  now (): number
  wait (seconds: number): void
  login (user: unknown, session?: { mark: unknown }): Browser
}

/** A store that counts its writes, and may be broken. */
export interface CountingStore extends EntityStore {
  writes: number
  failure: Error | null
}

export interface DeskOptions {
  readonly totp?: Partial<TotpOptions>
  readonly at?: string
  readonly render?: (page: Page, setting: Setting) => string
}

/** Makes one. Pages are rendered as JSON of their contents. */
export function desk ({ totp = {}, at = '/totp', render }: DeskOptions = {}): Desk {
  const store = countingStore()
  const time = testClock(START)
  const clock = totp.clock ?? time
  const events: TotpEvent[] = []
  const logged: Array<{ error: Error, message: string }> = []
  const log = (error: Error, message: string) => { logged.push({ error, message }) }
  const options: TotpOptions = {
    issuer: 'Acme',
    keys: [KEY],
    store,
    identify: request => untyped(request).user,
    clock,
    onEvent: event => { events.push(event) },
    pages: { brand: { name: 'Acme' } },
    ...totp
  }
  const settings = settingsOf<Request, Reply>(untyped(options))
  const { verifier } = setUpVerifier(settings, log)
  const session = {
    read: ({ session }: Request) => session.mark,
    write ({ session }: Request, _reply: Reply, mark: string) { session.mark = mark }
  }
  const cookie = requestCookie<Request, Reply>(settings, ({ cookies }, header) => { cookies.push(header) })
  const beganAt = () => null
  const requests = requestCaller<Request, Reply>({ ...settings, session, cookie, beganAt, log }, verifier)
  const { callerAtArrival } = serviceOver(requests, verifier, settings.trustedOrigins)
  assert(settings.pages !== undefined)
  const parts = { settings, options: settings.pages, at, verifier, requests, callerAtArrival, log }
  const routes = createPages(parts, () => ({
    assets: [{ path: 'pages-1.css', type: 'text/css', body: 'p{}' }],
    languageOf: accepted => accepted ?? 'en',
    render: render ?? ((page, setting) => JSON.stringify({ page, setting }))
  }))

  async function send (exchange: Omit<Exchange, 'query'>, url: string): Promise<Answer> {
    const [path, ...query] = url.split('?')
    const method = exchange.method === 'HEAD' ? 'GET' : exchange.method
    const route = routes.find(route => route.path === path && route.methods.some(own => own === method))
    assert(route !== undefined, `there is ${method} ${path}`)
    const answer = await route.answer({ ...exchange, query: query.length === 0 ? '' : `?${query.join('?')}` })
    const made = answer.body.startsWith('{') ? JSON.parse(answer.body) : {}
    const cookies = [...exchange.reply.cookies, ...answer.cookies]
    return { ...answer, cookies, location: answer.headers['location'], ...made }
  }

  function browser (user: unknown, session: { mark: unknown }, cookies: Map<string, string>): Browser {
    async function request (
      method: string, url: string, body: string | undefined, given: Sent = {}
    ): Promise<Answer> {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const type = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
      const all = { host: 'acme.example', 'sec-fetch-site': 'same-origin', cookie, ...type, ...given }
      const sent = Object.entries(all).filter(([, value]) => value !== undefined)
      const headers = untyped(Object.fromEntries(sent))
      const reply = { cookies: [] }
      const readForm = async () => {
        if (headers['content-type']?.startsWith('application/x-www-form-urlencoded') !== true) {
          throw new UnreadableError('unsupported')
        }
        return body
      }
      const request = { user, session, headers }
      const exchange = { request, reply, method, headers, host: 'acme.example', readForm }
      const answer = await send(exchange, url)
      for (const line of answer.cookies) keepCookie(cookies, line)
      return answer
    }

    const self: Browser = {
      cookies,
      session,
      get: async (path, headers) => await request('GET', path, undefined, headers),
      head: async path => await request('HEAD', path, undefined),
      post: async (path, fields = {}, headers) =>
        await request('POST', path, new URLSearchParams(fields).toString(), headers),

      async follow ({ location = '' }) {
        assert(location.startsWith(at), `${location} is a page`)
        return await request('GET', location.slice(at.length), undefined)
      },

      async enroll (friendlyName) {
        await self.post('/enroll', { action: 'begin', ...friendlyName === undefined ? {} : { friendlyName } })
        const { page } = await self.get('/enroll')
        assert(page.kind === 'scan', page.kind)
        const app = authenticator(page.secret)
        const verified = await self.post('/enroll', { action: 'verify', code: app.code(clock()) })
        const recoveryCodes = verified.page?.kind === 'newCodes' ? verified.page.codes : []
        return { ...app, secret: page.secret, recoveryCodes }
      },

      async challenge (app) {
        time.advance(30)
        return await self.post('/challenge', { code: app.code(clock()) })
      },

      copy: () => browser(user, { ...session }, new Map(cookies))
    }
    return self
  }

  return {
    verifier,
    events,
    logged,
    store,
    paths: routes.map(({ path }) => path),
    now: clock,
    wait: time.advance,
    login: (user, session = { mark: null }) => browser(user, session, new Map())
  }
}

function keepCookie (cookies: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
  if (/; Max-Age=0(;|$)/.test(line)) cookies.delete(name)
  else cookies.set(name, value)
}

function countingStore (): CountingStore {
  const inner = memoryStore()
  return {
    writes: 0,
    failure: null,

    async get (key) {
      if (this.failure !== null) throw this.failure
      return await inner.get(key)
    },

    async replace (key, expected, next) {
      this.writes++
      return await inner.replace(key, expected, next)
    }
  }
}
