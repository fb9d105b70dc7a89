import type { IncomingHttpHeaders } from 'node:http'
import { jwtVerify, SignJWT, type JWTPayload } from 'jose'
import { tokenSession, type TotpClaims } from '../../src/index.js'
import { untyped } from '../untyped.js'

const SECRET = new TextEncoder().encode('a secret that is for tests alone, and long')

/** The header by which routes of a host give a client another token; the endpoints have it in the body. */
const GIVEN = 'x-token'

/**
 * The header with the token of a request. It isn't \`Authorization\`: the stories expect the status that
 * browsers get, and those about bearer tokens send a header of their own.
 */
const SENT = 'x-login'

/** Signs a JWT. */
export async function sign (claims: JWTPayload): Promise<string> {
  return await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(SECRET)
}

/** The claims of a JWT; undefined if it isn't one of ours. */
export async function verify (token: string): Promise<JWTPayload | undefined> {
  const verified = await jwtVerify(token, SECRET).catch(() => undefined)
  return verified?.payload
}

/** The login of a request with a token, in the words of the sessions that the stories know. */
interface TokenLogin {
  userId: string | undefined
  claims: JWTPayload | undefined
  regenerate (): Promise<void>
  destroy (): Promise<void>
}

type WithLogin = { readonly session: TokenLogin }

/** Keeps marks in the tokens. */
export const tokens = tokenSession({
  claims: async (request: WithLogin) => request.session.claims,
  issue: async ({ session: { userId } }: WithLogin, totp: TotpClaims) =>
    await sign({ sub: String(userId), ...totp })
})

/** The login in a request's token. */
export async function loginOf (
  headers: IncomingHttpHeaders, setHeader: (name: string, value: string) => unknown
): Promise<TokenLogin> {
  const claims = await verify(String(headers[SENT]))
  const login: TokenLogin = {
    userId: claims?.sub,
    claims,
    async regenerate () {
      this.claims = undefined
      this.userId = undefined
    },
    async destroy () {
      this.claims = undefined
      this.userId = undefined
      setHeader(GIVEN, '')
    }
  }
  return login
}

/** Gives clients the tokens that `keep` and `forget` resolve, and one to those who have logged in. */
export function giveTokens (totp: object): void {
  for (const name of ['keep', 'forget']) {
    const method: (...args: unknown[]) => Promise<{ token?: string }> = Reflect.get(totp, name)
    Reflect.set(totp, name, async (request: WithLogin, reply: object, ...rest: unknown[]) => {
      const { token } = await method(request, reply, ...rest)
      const { userId, claims } = request.session
      const isLogin = claims === undefined && userId !== undefined
      const given = token ?? (isLogin ? await sign({ sub: userId }) : undefined)
      if (given !== undefined) untyped(reply).header(GIVEN, given)
      return { token }
    })
  }
}

interface Injected { readonly url: string, readonly headers?: Readonly<Record<string, string>> }

interface Answered {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly payload: string
  readonly cookies: ReadonlyArray<{ readonly name: string, readonly value: string, readonly maxAge?: number }>
}

/** A visitor keeps its token where a browser would keep cookies, and sees what a browser would. */
export function withTokens (
  inject: (asked: Injected) => Promise<Answered>
): (asked: string | Injected) => Promise<Answered> {
  return async asked => {
    const { headers = {}, ...rest } = typeof asked === 'string' ? { url: asked } : asked
    const [, token] = /(?:^|; )token=([^;]*)/.exec(headers['cookie'] ?? '') ?? []
    const sent = token === undefined ? {} : { [SENT]: decodeURIComponent(token) }
    return asBrowserSees(await inject({ ...rest, headers: { ...headers, ...sent } }))
  }
}

function asBrowserSees ({ statusCode, headers, payload, cookies }: Answered): Answered {
  const isJson = /^application\/json/.test(String(headers['content-type'])) && payload.startsWith('{')
  const { token = headers[GIVEN], ...body } = isJson ? JSON.parse(payload) : {}
  const end = token === '' ? { maxAge: 0 } : {}
  const kept = typeof token !== 'string' ? [] : [{ name: 'token', value: token, ...end }]
  const isOnlyToken = isJson && token !== headers[GIVEN] && Object.keys(body).length === 0
  return {
    statusCode: isOnlyToken ? 204 : statusCode,
    headers,
    payload: isOnlyToken ? '' : isJson ? JSON.stringify(body) : payload,
    cookies: [...cookies, ...kept]
  }
}
