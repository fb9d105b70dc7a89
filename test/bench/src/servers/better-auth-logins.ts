import { betterAuth, type BetterAuthOptions } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { symmetricEncrypt } from 'better-auth/crypto'
import { twoFactor } from 'better-auth/plugins'
import { codeAt, SECRET, wrongCodeAt } from '../population.js'
import type { Preparation } from './answer-bench.js'

const ORIGIN = 'http://127.0.0.1'
const PASSWORD = 'correct horse battery staple'
/** Its in-memory adapter looks at every row of a table, so few rows favor it. */
const [USERS, LOGINS] = [32, 128]

const database: Record<string, Array<Record<string, unknown>>> = {
  user: [], session: [], account: [], verification: [], twoFactor: []
}
const inMemory = memoryAdapter(database)
/** better-auth, with users who have enrolled. */
export const auth = betterAuth({
  baseURL: ORIGIN,
  secret: 'a better secret, of more than 32 characters',
  database: withoutCopies,
  // Its scrypt would slow the preparation, which isn't measured.
  emailAndPassword: {
    enabled: true,
    password: { hash: async password => password, verify: async ({ hash, password }) => hash === password }
  },
  plugins: [twoFactor({ skipVerificationOnEnable: true })],
  rateLimit: { enabled: false },
  telemetry: { enabled: false }
})

const emails = Array.from({ length: USERS }, (_, place) => `user-${place}@example.com`)
for (const email of emails) await enroll(email)
/** The requests of a turn: each completes a login with a right code, or with a wrong one. */
export const preparations = { right: logins(codeAt), wrong: logins(wrongCodeAt) }

/** Requests of users to a page. Their logins are complete, or lack the code. */
export function visits (path: string, { isComplete }: { readonly isComplete: boolean }): Preparation {
  const cookies = isComplete ? completed() : begun()
  return async () => ({ method: 'GET', path, header: 'cookie', values: await cookies })
}

async function enroll (email: string): Promise<void> {
  const body = { email, name: email, password: PASSWORD }
  const cookie = cookieOf(await auth.api.signUpEmail({ body, asResponse: true }))
  await auth.api.enableTwoFactor({ body: { password: PASSWORD }, headers: new Headers({ cookie }) })
  const { secretConfig: key } = await auth.$context
  const secret = await symmetricEncrypt({ key, data: SECRET.toString() })
  for (const row of database.twoFactor ?? []) row.secret = secret
}

/**
 * The in-memory adapter copies and compares the whole database in each transaction. No database does that,
 * and it would drown everything else.
 */
function withoutCopies (options: BetterAuthOptions) {
  const adapter = inMemory(options)
  return { ...adapter, transaction: async <T>(act: (on: typeof adapter) => Promise<T>) => await act(adapter) }
}

function logins (codeOf: (now: number) => string): Preparation {
  return async () => {
    database.session = []
    return {
      method: 'POST',
      path: '/api/auth/two-factor/verify-totp',
      headers: { origin: ORIGIN },
      header: 'cookie',
      values: await begun(),
      body: { code: codeOf(Date.now() / 1000) }
    }
  }
}

/** Begins logins; each of their cookies lets a user complete one. */
async function begun (): Promise<string[]> {
  const cookies: string[] = []
  for (let place = 0; place < LOGINS; place++) {
    const body = { email: emails[place % USERS] ?? '', password: PASSWORD }
    cookies.push(cookieOf(await auth.api.signInEmail({ body, asResponse: true })))
  }
  return cookies
}

async function completed (): Promise<string[]> {
  const cookies: string[] = []
  for (const cookie of await begun()) {
    const login = { body: { code: codeAt(Date.now() / 1000) }, headers: new Headers({ cookie }) }
    cookies.push(cookieOf(await auth.api.verifyTOTP({ ...login, asResponse: true })))
  }
  return cookies
}

function cookieOf (answer: Response): string {
  return answer.headers.getSetCookie()
    .map(cookie => cookie.split(';', 1)[0] ?? '')
    .filter(cookie => !cookie.endsWith('='))
    .join('; ')
}
