import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { applicationFolder } from './application-folder.js'
import { block, codeIn, table, transpiled } from './pages.js'
import { enrolled, expressServer, next, running, started, tellStory } from './running-server.js'

const PAGE = 'docs/express.md'
const SERVER = block(PAGE, 'after the session, before body parsers').code

/** The folder of an application on Express. */
function appFolder (t: Test): string {
  return applicationFolder(t, ['express', 'express4', 'express-session', 'cookie-session'])
}

/** A folder with this block as a module in it. */
function folderWith (t: Test, module: string, text: string): string {
  const folder = appFolder(t)
  writeFileSync(join(folder, module), transpiled(block(PAGE, text).code))
  return folder
}

/** The status of a request whose path goes out as it is. */
async function statusOf (port: number, path: string): Promise<number | undefined> {
  const sent = request({ port, host: '127.0.0.1', path, agent: false }).end()
  const [response]: IncomingMessage[] = await once(sent, 'response')
  response?.resume()
  return response?.statusCode
}

t.test('the complete server', async t => {
  const ask = await started(t, appFolder(t), expressServer(SERVER))
  await tellStory(t, ask)
})

t.test('cookie-session', async t => {
  await tellStory(t, await started(t, appFolder(t), expressServer(block(PAGE, 'cookieSessions').code)))
})

t.test('a table of bearer tokens', async t => {
  const ask = await started(t, appFolder(t), expressServer(block(PAGE, 'loginOf').code))
  t.match(await ask('GET', '/vault'), { status: 401, json: { code: 'ERR_TOTP_UNIDENTIFIED' } })
  await ask('POST', '/login', { username: 'alice' })
  t.match(await ask('GET', '/vault'), { status: 403, json: { code: 'ERR_TOTP_NOT_ENROLLED' } })
  const phone = await enrolled(ask)
  t.match(await ask('GET', '/vault'), { status: 200 })
  await ask('POST', '/login', { username: 'alice' })
  t.match(await ask('GET', '/vault'), { status: 401, json: { code: 'ERR_TOTP_CHALLENGE_REQUIRED' } })
  await ask('POST', '/totp/challenges', { code: phone.code(next()) })
  t.match(await ask('GET', '/vault'), { status: 200 })
})

t.test('guards on routes, on a router, and in front of files', async t => {
  const folder = folderWith(t, 'guarded.mjs', 'express.static(\'files\')')
  mkdirSync(join(folder, 'files'))
  writeFileSync(join(folder, 'files', 'gold.txt'), 'gold')
  const ask = await started(t, folder, expressServer(SERVER.replace(/^app\.get.*$/m, ''), `
    const { guarded } = await import('./guarded.mjs')
    guarded(app, totp)`))
  await ask('POST', '/login', { username: 'alice' })
  const closed = [['GET', '/vault'], ['POST', '/transfer'], ['GET', '/admin/report'], ['GET', '/files/gold.txt']] as const
  for (const [method, path] of closed) t.match(await ask(method, path), { status: 403 }, path)
  t.match(await ask('GET', '/inbox'), { status: 200, json: { secondFactor: false } })
  await enrolled(ask)
  for (const [method, path] of closed) t.match(await ask(method, path), { status: 200 }, path)
  t.match(await ask('GET', '/vault'), { json: { approval: { at: Number, expiresAt: Number, factorSid: /^YF/ } } })
  t.match(await ask('GET', '/inbox'), { json: { secondFactor: true } })
})

t.test('the spellings that get past a guard on a path, and not past one on a route', async t => {
  const folder = appFolder(t)
  mkdirSync(join(folder, 'public', 'vault'), { recursive: true })
  writeFileSync(join(folder, 'public', 'vault', 'index.html'), 'gold')
  const rows = table(PAGE, 'guard')
  t.equal(rows.length, 3)
  for (const [by = '', route = '', open = ''] of rows) {
    const [byPath = '', behind = ''] = [codeIn(by)[0], codeIn(route)[0]]
    const guard = byPath.startsWith('req.')
      ? `app.use((req, res, next) => ${byPath} ? totp.required()(req, res, next) : next())`
      : byPath.replace('…', 'totp.required()')
    const handler = behind.replace('…', '(_req, res) => { res.send("gold") }')
    const onRoute = handler.replace(/^app\.(get|use)\((?:('[^']*'), )?/, (_, verb, path) =>
      `app.${String(verb)}(${path === undefined ? '' : `${String(path)}, `}totp.required(), `)
    const serverOf = (code: string) => expressServer(SERVER.replace(/^app\.get.*$/m, ''), code)
    const [unsafe, safe] = [await running(t, folder, serverOf(`${guard}\n${handler}`)), await running(t, folder, serverOf(onRoute))]
    t.ok(codeIn(open).length > 1)
    for (const path of codeIn(open)) {
      t.equal(await statusOf(unsafe.port, path), 200, `${byPath}: ${path} gets past`)
      t.equal(await statusOf(safe.port, path), 401, `${onRoute}: ${path} doesn't`)
    }
    t.equal(await statusOf(unsafe.port, byPath.startsWith('req.') ? '/vault' : '/vault/'), 401, 'the guard is there')
  }
})

for (const version of ['express', 'express4']) {
  t.test(`a login with callbacks, on ${version}`, async t => {
    const folder = folderWith(t, 'login.mjs', 'failure ?? error')
    const [start = '', rest = ''] = SERVER.replace('\'express\'', `'${version}'`).split('app.post(\'/login\'')
    const code = `${start}\nlogin(app, totp)\n${rest.slice(rest.indexOf('app.get('))}`
    await tellStory(t, await started(t, folder, `import { login } from './login.mjs'\n${expressServer(code)}`))
  })
}

t.test('behind a proxy, a cookie that is secure goes out', async t => {
  const ask = await started(t, appFolder(t), transpiled(block(PAGE, '\'trust proxy\', \'loopback\'').code) + `
    app.get('/', (req, res) => { req.session.userId = 'alice'; res.json({}) })
    const server = app.listen(0, () => process.send(server.address().port))`)
  t.equal((await ask('GET', '/')).headers.getSetCookie().length, 0)
  const cookies = (await ask('GET', '/', undefined, { 'x-forwarded-proto': 'https' })).headers.getSetCookie()
  t.match(cookies, [/HttpOnly; Secure; SameSite=Lax/])
})

t.test('a refusal is JSON, or a page', async t => {
  const folder = folderWith(t, 'options.mjs', 'onRefused (')
  const code = SERVER.replace(/const totp = createTotp\(\{[^]*?\n\}\)/, 'const totp = createTotp(options)')
  const ask = await started(t, folder, `import { options } from './options.mjs'\n${expressServer(code)}`)
  t.match(await ask('GET', '/vault'), { status: 401, json: { code: 'ERR_TOTP_UNIDENTIFIED', message: String } })
  const page = await ask('GET', '/vault', undefined, { accept: 'text/html' })
  t.equal(page.status, 302)
  t.equal(page.headers.get('location'), '/second-step?because=ERR_TOTP_UNIDENTIFIED')
  t.equal(page.headers.get('cache-control'), 'no-store')
})

t.test('routes of one\'s own', async t => {
  const folder = folderWith(t, 'second-step.mjs', '/second-step\', totp')
  const ask = await started(t, folder, expressServer(SERVER, `
    const { secondStep } = await import('./second-step.mjs')
    secondStep(app, totp)`))
  await ask('POST', '/login', { username: 'alice' })
  t.match(await ask('POST', '/payments', { amount: 200 }), { status: 403, json: { code: 'ERR_TOTP_NOT_ENROLLED' } })
  t.match(await ask('POST', '/payments', { amount: 10 }), { status: 200 })
  const phone = await enrolled(ask)
  await ask('POST', '/login', { username: 'alice' })
  const code = phone.code(next())
  const elsewhere = { 'sec-fetch-site': 'cross-site' }
  t.match(await ask('POST', '/second-step', { code }, elsewhere), { status: 403, json: { code: 'ERR_TOTP_CROSS_SITE' } })
  t.match(await ask('POST', '/second-step', {}), { status: 400 })
  t.match(await ask('POST', '/second-step', { code }), { status: 200, json: { until: Number } })
  t.match(await ask('GET', '/vault'), { status: 200 })
  t.match(await ask('POST', '/payments', { amount: 200 }), { status: 200 })
})

t.test('a server that shuts down waits for what is under way', async t => {
  const folder = folderWith(t, 'close-on-signal.mjs', 'closeAllConnections')
  const server = await running(t, folder, `import { closeOnSignal } from './close-on-signal.mjs'\n${expressServer(SERVER)}
    closeOnSignal(server, totp, async () => { process.send('ended'); process.disconnect() })`)
  const said = once(server.process, 'message')
  const ended = once(server.process, 'exit')
  server.process.kill('SIGTERM')
  t.same((await said)[0], 'ended')
  t.same((await ended)[0], 0)
})
