import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import type { Fetch, TotpClient } from '../../src/client.js'
import { testClock, virtualAuthenticator, type TestClock, type VirtualAuthenticator } from '../../src/testing.js'
import { valueOf } from '../client/site/person.js'
import { tellApiStory } from './api-story.js'
import { applicationFolder } from './application-folder.js'
import { block, transpiled } from './pages.js'
import { enrolled, expressServer, next, now, running } from './running-server.js'

const PAGE = 'docs/apis.md'
const SERVER = block(PAGE, 'new SignJWT').code

t.test('the server on Express, with jose', async t => {
  const folder = applicationFolder(t, ['express', 'jose'])
  await tellApiStory(t, (await running(t, folder, expressServer(SERVER))).client())
})

t.test('the app asks its user for a code, once, when a route needs one', async t => {
  const folder = applicationFolder(t, ['express', 'jose'])
  const { port, client } = await running(t, folder, expressServer(SERVER))
  const ask = client()
  await ask('POST', '/login', { username: 'alice' })
  const phone = await enrolled(ask)

  const file = join(folder, 'app.mjs')
  const code = block(PAGE, 'callWithCode').code.replace('https://api.example', `http://127.0.0.1:${port}`)
  writeFileSync(file, transpiled(code))
  const { call, callWithCode }: {
    call (path: string, body?: object, method?: string): Promise<Response>
    callWithCode (
      path: string, body: object | undefined, ask: () => Promise<string | null>
    ): Promise<Response>
  } = await import(pathToFileURL(file).href)
  await call('/login', { username: 'alice' })
  let questions = 0
  const answering = (code: string | null) => async () => {
    questions++
    return code
  }
  t.equal((await callWithCode('/vault', undefined, answering(null))).status, 401, 'the user cancels')
  const wrong = answering('000000')
  t.match(await (await callWithCode('/vault', undefined, wrong)).json(), { code: /CHALLENGE_DENIED/ })
  const right = answering(phone.code(next()))
  t.match(await (await callWithCode('/vault', undefined, right)).json(), { vault: 'gold' })
  t.equal(questions, 3)
  t.match(await (await callWithCode('/vault', undefined, answering(null))).json(), { vault: 'gold' })
  t.equal(questions, 3, 'it is approved now')
  t.equal((await call('/totp/approval', undefined, 'DELETE')).status, 200)
  t.equal((await callWithCode('/vault', undefined, answering(null))).status, 401, 'it takes the token of that answer')
})

t.test('the app with the client asks once, also when its token expires before or during the question', async t => {
  const folder = applicationFolder(t, ['express', 'jose'])
  const lifetime = 5
  const { port } = await running(t, folder, expressServer(SERVER.replace("'15m'", `'${lifetime}s'`)))
  const expired = async () => await setTimeout((lifetime + 1) * 1000)

  const kept = new Map<string, string | null>()
  const keychain = {
    get: (name: string) => kept.get(name) ?? null,
    set: (name: string, value: string | null) => kept.set(name, value)
  }
  let screens = 0
  let onScreen = async (): Promise<string | null> => null
  const showCodeScreen = ({ onDone }: { onDone (code: string | null): void }) => {
    screens++
    onScreen().then(onDone)
    return () => {}
  }
  Object.assign(globalThis, { keychain, showCodeScreen })
  t.teardown(() => ['keychain', 'showCodeScreen'].forEach(name => Reflect.deleteProperty(globalThis, name)))

  const API = `http://127.0.0.1:${port}`
  const file = join(folder, 'phone.mjs')
  writeFileSync(file, transpiled(block(PAGE, 'fetchRefreshing').code.replace('https://api.example', API)))
  const { totp, api, logIn, logOut }: {
    totp: TotpClient
    api: Fetch
    logIn (username: string, password: string): Promise<void>
    logOut (): Promise<void>
  } = await import(pathToFileURL(file).href)
  const vault = async () => (await api(`${API}/vault`)).status

  await logIn('alice', 'secret')
  const { factor, binding } = valueOf(await totp.enroll())
  const phone = virtualAuthenticator(binding)
  valueOf(await totp.verify(factor.sid, phone.nextCode()))
  t.equal(await vault(), 200)
  await expired()
  t.equal(await vault(), 200, 'a refreshed token keeps its approval')
  t.equal(keychain.get('token'), totp.token)
  t.equal(screens, 0)

  await totp.withdraw()
  const controller = new AbortController()
  onScreen = async () => {
    await setTimeout(0)
    controller.abort()
    return await new Promise(() => {})
  }
  await t.rejects(api(`${API}/vault`, { signal: controller.signal }), { name: 'AbortError' })
  onScreen = async () => null
  t.equal(await vault(), 401, 'the user cancels')
  t.equal(screens, 2, 'each question was asked once')
  onScreen = async () => {
    await expired()
    return phone.nextCode()
  }
  t.equal(await vault(), 200)
  t.equal(screens, 3)

  await logOut()
  t.equal(keychain.get('token'), null)
  t.equal(await vault(), 401)
  t.equal(screens, 3)
})

t.test('the fixture for tests with tokens approves one, and its app has codes for more', async t => {
  const folder = applicationFolder(t, ['express', 'jose'])
  const { port } = await running(t, folder, expressServer(SERVER))
  const origin = `http://127.0.0.1:${port}`
  const file = join(folder, 'fixture.mjs')
  writeFileSync(file, transpiled(block('docs/testing.md', 'enrolledWith').code))
  const { enrolledWith }: {
    enrolledWith (
      token: string, origin: string, clock: TestClock
    ): Promise<{ totp: TotpClient, phone: VirtualAuthenticator }>
  } = await import(pathToFileURL(file).href)

  const headers = { 'content-type': 'application/json' }
  const login = await fetch(`${origin}/login`, { method: 'POST', headers, body: '{"username":"alice"}' })
  const { token } = await login.json() as { token: string }
  const { totp, phone } = await enrolledWith(token, origin, testClock(now()))
  const vault = await fetch(`${origin}/vault`, { headers: { authorization: `Bearer ${totp.token}` } })
  t.equal(vault.status, 200)
  t.match(await totp.challenge({ code: phone.nextCode() }), { ok: true })
})
