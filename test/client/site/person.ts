import assert from 'node:assert/strict'
import type { Test } from 'tap'
import { createTotpClient, type Fetch, type Result, type TotpClient } from '../../../src/client.js'
import { authenticator, type Authenticator } from '../../authenticator.js'
import { site, type Site, type SiteOptions } from '../../site.js'

/** A site that listens on a socket. */
export interface Served extends Site {
  readonly url: string
  /** A user who has logged in, with a browser that keeps cookies and speaks through `fetch`. */
  person (identity: string): Promise<Person>
}

export interface Person {
  readonly fetch: Fetch
  readonly totp: TotpClient
  /** The requests that were sent, such as `GET /vault`. */
  readonly sent: string[]
  /** Enrolls a factor and verifies it. */
  enroll (): Promise<Authenticator & { readonly sid: string, readonly recoveryCodes: readonly string[] }>
}

/** Makes a site, and starts it. `POST /payment` takes a code with each request. */
export async function served (t: Test, options: SiteOptions = {}): Promise<Served> {
  const built = await site(t, {
    ...options,
    async routes (app) {
      app.post('/payment', { preHandler: app.totp.required({ perRequest: true }) }, async request =>
        ({ payment: 'sent', body: request.body }))
      await options.routes?.(app)
    }
  })
  await built.app.listen({ port: 0, host: '127.0.0.1' })
  const url = built.app.listeningOrigin

  async function person (identity: string): Promise<Person> {
    const sent: string[] = []
    const fetch = fetchWithCookies(sent)
    const totp = createTotpClient({ prefix: `${url}/totp`, fetch })
    const login = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username: identity }) }
    assert.equal((await fetch(`${url}/login`, login)).status, 200)

    async function enroll () {
      const { factor, binding } = valueOf(await totp.enroll())
      const app = authenticator(binding.secret, factor.config)
      const { recoveryCodes = [] } = valueOf(await totp.verify(factor.sid, app.code(built.now())))
      return { ...app, sid: factor.sid, recoveryCodes }
    }
    return { fetch, totp, sent, enroll }
  }

  return { ...built, url, person }
}

/** The value of a result that has to be one. */
export function valueOf<Value> (result: Result<Value>): Value {
  assert.ok(result.ok, JSON.stringify(result))
  return result.value
}

/** The `fetch` of a browser: it keeps cookies. */
export function fetchWithCookies (sent: string[] = []): Fetch {
  const cookies = new Map<string, string>()
  return async (input, init) => {
    const request = new Request(input, init)
    sent.push(`${request.method} ${new URL(request.url).pathname}`)
    request.headers.set('cookie', [...cookies].map(pair => pair.join('=')).join('; '))
    const answer = await fetch(request)
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    return answer
  }
}
