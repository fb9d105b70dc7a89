import { fork, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { authenticator } from '../authenticator.js'
import { transpiled } from './pages.js'

/** The environment that the pages' servers read. */
const ENV = {
  SESSION_SECRET: 'a secret that is for tests alone, and long',
  NEXT_TELEMETRY_DISABLED: '1',
  JWT_SECRET: 'another secret that is for tests alone',
  TOTP_KEYS: Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')
}

/** Sends a request as a client that keeps what it is given: cookies, and a token. */
export type Ask = ReturnType<typeof clientOf>

/** A server in a process of its own. */
export interface Running {
  readonly port: number
  readonly process: ChildProcess
  /** Sends a request; each client is another browser. */
  client (): Ask
}

/** Runs a program as a server in this folder. The program sends its port when it listens. */
export async function running (t: Test, folder: string, code: string): Promise<Running> {
  const file = join(folder, `server-${randomUUID()}.mjs`)
  writeFileSync(file, code)
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...env } = process.env
  const server = fork(file, { cwd: folder, env: { ...env, ...ENV }, execArgv: [] })
  t.teardown(() => { server.kill('SIGKILL') })
  const ended = new AbortController()
  server.once('exit', status => ended.abort(new Error(`the server ended with ${String(status)}`)))
  const [port] = await once(server, 'message', { signal: ended.signal })
  return { port: Number(port), process: server, client: () => clientOf(`http://127.0.0.1:${String(port)}`) }
}

/** Runs a program as a server, and asks it as one client. */
export async function started (t: Test, folder: string, code: string): Promise<Ask> {
  return (await running(t, folder, code)).client()
}

function clientOf (origin: string) {
  const cookies = new Map<string, string>()
  let token = ''

  return async (method: 'GET' | 'POST', path: string, body?: object, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(origin + path, {
      method,
      redirect: 'manual',
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const text = await answer.text()
    const json = text.startsWith('{') ? JSON.parse(text) : {}
    token = json.token ?? token
    return { status: answer.status, headers: answer.headers, text, json }
  }
}

/** Codes of the present step and of the next one: both are still right when the next one begins meanwhile. */
export const now = () => Math.floor(Date.now() / 1000)
export const next = () => now() + 30

/** Enrolls with the code of the present step. */
export async function enrolled (ask: Ask, prefix = '/totp') {
  const { json: { factor, binding } } = await ask('POST', `${prefix}/factors`, {})
  const phone = authenticator(binding.secret)
  await ask('POST', `${prefix}/factors/${factor.sid}/verify`, { code: phone.code(now()) })
  return phone
}

/** The whole story of one user: log in, enroll, log in again, answer a challenge, log out. */
export async function tellStory (t: Test, ask: Ask, prefix = '/totp'): Promise<void> {
  t.match(await ask('GET', '/vault'), { status: 401, json: { code: 'ERR_TOTP_UNIDENTIFIED' } }, 'no user')
  t.match(await ask('POST', '/login', { username: 'alice' }), { status: 200 })
  t.match(await ask('GET', '/vault'), { status: 403, json: { code: 'ERR_TOTP_NOT_ENROLLED' } }, 'no factor')
  const phone = await enrolled(ask, prefix)
  t.match(await ask('GET', '/vault'), { status: 200, json: { vault: 'gold' } }, 'approved')
  t.match(await ask('POST', '/login', { username: 'alice' }), { status: 200 })
  t.match(await ask('GET', '/vault'), { status: 403, json: { code: 'ERR_TOTP_CHALLENGE_REQUIRED' } }, 'forgotten')
  t.match(await ask('POST', `${prefix}/challenges`, { code: phone.code(next()) }), { status: 200 }, 'a right code')
  t.match(await ask('GET', '/vault'), { status: 200, json: { vault: 'gold' } }, 'approved again')
  t.match(await ask('POST', '/logout'), { status: 204 })
  t.match(await ask('GET', '/vault'), { status: 401 }, 'logged out')
}

/** The code of a block that is a server of Express, on a free port, with more code in front of `listen`. */
export function expressServer (code: string, more = ''): string {
  const [start = '', end] = code.split('app.listen(3000)')
  if (end === undefined) throw new Error('the block is not a server of Express')
  return `${transpiled(start)}\n${more}\nconst server = app.listen(0, () => process.send(server.address().port))\n`
}
