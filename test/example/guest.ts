import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { authenticator, type Authenticator } from '../authenticator.js'

/** An answer of the server. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON. */
  json (): any // eslint-disable-line @typescript-eslint/no-explicit-any -- what a server sends has no type
  /** The `code` of an error. */
  readonly code: string | undefined
}

/** A request whose end hasn't been sent yet. */
export interface SlowRequest {
  /** Sends the rest. */
  finish (): Promise<Answer>
}

/** A visitor with a cookie jar. */
export interface Guest {
  cookies: Map<string, string>
  request (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  login (username: string): Promise<Answer>
  logout (): Promise<Answer>
  vault (): Promise<Answer>
  enroll (qr?: 'svg' | 'png'): Promise<Enrolled>
  /** Enrolls a factor and verifies it with the code for `now`. */
  enrollVerified (now: number): Promise<Enrolled>
  /** The same with the previous code, so that two more codes are still unused. */
  enrollEarly (now: () => number): Promise<Enrolled>
  challenge (code: string, factorSid?: string): Promise<Answer>
  /** Sends all but the end of the body. Resolves when the server has begun to handle the request. */
  slow (method: string, path: string, body: unknown): Promise<SlowRequest>
  /** The same browser with a copy of its cookies, for requests at the same time. */
  copy (): Guest
}

/** An enrolled factor, with the app that has its secret. */
export interface Enrolled extends Authenticator {
  readonly sid: string
  readonly secret: string
  readonly uri: string
  readonly qr: string
}

/** A visitor of the server at `url`. */
export function guest (url: string, cookies = new Map<string, string>()): Guest {
  const jar = () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')

  async function request (
    method: string, path: string, body?: unknown, headers: Record<string, string> = {}
  ): Promise<Answer> {
    const json = body === undefined ? {} : { body: JSON.stringify(body) }
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    const sent = { ...type, cookie: jar(), ...headers }
    const response = await fetch(new URL(path, url), { method, ...json, headers: sent })
    return answered(response.status, response.headers, await response.text())
  }

  function answered (status: number, headers: Headers, body: string): Answer {
    for (const line of headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const json = () => JSON.parse(body)
    const code = status >= 400 && body.startsWith('{') ? json().code : undefined
    return { status, headers, text: body, json, code }
  }

  async function enroll (qr: 'svg' | 'png' = 'svg'): Promise<Enrolled> {
    const enrolled = await request('POST', '/totp/factors', { qr })
    assert.equal(enrolled.status, 201, enrolled.text)
    const { factor, binding } = enrolled.json()
    return { ...authenticator(binding.secret, factor.config), sid: factor.sid, ...binding }
  }

  return {
    cookies,
    request,
    login: async username => await request('POST', '/login', { username, password: 'demo' }),
    logout: async () => await request('POST', '/logout'),
    vault: async () => await request('GET', '/vault'),
    enroll,

    async enrollVerified (now) {
      const factor = await enroll()
      const verified = await request('POST', `/totp/factors/${factor.sid}/verify`, { code: factor.code(now) })
      assert.equal(verified.status, 200, verified.text)
      return factor
    },

    async enrollEarly (now) {
      const factor = await enroll()
      for (let tries = 0; tries < 3; tries++) {
        // The code expires on its way if a time step ends at this moment.
        const code = factor.code(now() - 30)
        const { status } = await request('POST', `/totp/factors/${factor.sid}/verify`, { code })
        if (status === 200) return factor
      }
      throw new Error('no code of the step before was accepted')
    },

    challenge: async (code, factorSid) =>
      await request('POST', '/totp/challenges', factorSid === undefined ? { code } : { code, factorSid }),

    async slow (method, path, body) {
      const { hostname, port, host } = new URL(url)
      const socket = connect(Number(port), hostname)
      await once(socket, 'connect')
      const json = JSON.stringify(body)
      socket.write(`${method} ${path} HTTP/1.1\r\nhost: ${host}\r\ncookie: ${jar()}\r\nconnection: close\r\n` +
        'expect: 100-continue\r\ncontent-type: application/json\r\n' +
        `content-length: ${Buffer.byteLength(json)}\r\n\r\n${json.slice(0, -1)}`)
      const [begun] = await once(socket, 'data')
      assert.match(String(begun), /^HTTP\/1.1 100 /)
      // The database handles requests in order: once this one is answered, the slow one has read its session.
      await guest(url, new Map(cookies)).request('GET', '/totp/factors')

      return {
        async finish () {
          socket.write(json.slice(-1))
          const [head = '', ...rest] = (await text(socket)).split('\r\n\r\n')
          const [statusLine = '', ...lines] = head.split('\r\n')
          const headers = new Headers()
          for (const line of lines) {
            const [, name = '', value = ''] = /^([^:]+):(.*)$/.exec(line) ?? []
            headers.append(name, value)
          }
          return answered(Number(statusLine.split(' ')[1]), headers, rest.join('\r\n\r\n'))
        }
      }
    },

    copy: () => guest(url, new Map(cookies))
  }
}
