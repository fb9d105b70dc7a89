import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { authenticator } from '../authenticator.js'
import { block, page, transpiled } from './pages.js'
import { ROOT } from '../root.js'
import { expressServer } from './running-server.js'

/** Runs a block as a program in the project's folder, where it finds the package by its name. */
function run (t: Test, code: string, args: readonly string[] = ['--input-type=module']) {
  // Not what watches over this test: it would watch over the program, too.
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...env } = process.env
  const child = spawn(process.execPath, [...args, '-'], { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'inherit', 'ipc'] })
  t.teardown(() => { child.kill('SIGKILL') })
  child.stdin?.end(code)
  return child
}

const onFastify = block('README.md', 'await app.listen').code
const onExpress = block('README.md', 'app.listen(3000)').code
const SERVERS = {
  Fastify: transpiled(onFastify.replace('port: 3000', 'port: 0')) + '\nprocess.send(app.addresses()[0].port)\n',
  Express: expressServer(onExpress)
}

t.test('the complete servers are short', async t => {
  for (const code of [onFastify, onExpress]) t.ok(code.split('\n').length <= 50)
})

for (const [name, code] of Object.entries(SERVERS)) {
  t.test(`the complete server on ${name} answers as the README shows`, async t => {
    const server = run(t, code)
    const [port] = await once(server, 'message')
    const [transcript = ''] = page('README.md').blocks.map(({ code }) => code).filter(code => code.startsWith('$ curl'))
    const steps = transcript.trim().split('\n$ ').map(step => step.replace(/^\$ /, '').split('\n'))
    t.equal(steps.length, 5)

    const cookies = new Map<string, string>()
    const learnt = { sid: '', code: '' }
    for (const [command = '', shown = ''] of steps) {
      const [, url = '', body] = /^curl -sb jar(?: -c jar)? (\S+)(?: --json '(.*)')?$/.exec(command) ?? []
      const address = url.replace('localhost:3000', `http://127.0.0.1:${String(port)}`).replace(/YF4cd…/, learnt.sid)
      const answer = await fetch(address, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          ...(body === undefined ? {} : { 'content-type': 'application/json' })
        },
        ...(body === undefined ? {} : { body: body.replace('492039', learnt.code) })
      })
      for (const line of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        cookies.set(name, value)
      }
      const text = await answer.text()
      t.match(text, patternOf(shown), command)
      const { factor, binding } = JSON.parse(text)
      if (binding !== undefined) {
        learnt.sid = factor.sid
        learnt.code = authenticator(binding.secret).code(Math.floor(Date.now() / 1000))
      }
    }

    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
    const logout = await fetch(`http://127.0.0.1:${String(port)}/logout`, { method: 'POST', headers })
    t.equal(logout.status, 204)
    const vault = await fetch(`http://127.0.0.1:${String(port)}/vault`, { headers })
    t.equal(vault.status, 401)
  })
}

t.test('a route of one\'s own approves the session, and not from another site', async t => {
  const { code } = block('README.md', 'await app.listen')
  const quickstart = code.replace(/await app\.listen.*/, `
    await app.register(secondStep)
    let cookies = {}
    const ask = async (url, payload, site = 'same-origin') => {
      const answer = await app.inject({ method: 'POST', url, payload, cookies, headers: { 'sec-fetch-site': site } })
      for (const { name, value } of answer.cookies) cookies = { ...cookies, [name]: value }
      return answer
    }
    await ask('/login', { username: 'alice' })
    const operator = { identity: 'alice', operator: true }
    const { factor, secret } = await app.totp.enroll(operator, { friendlyName: 'Phone' })
    const phone = new TOTP({ secret: Secret.fromBase32(secret) })
    await app.totp.verify(operator, factor.sid, phone.generate())
    // One step ahead: still right when the next one begins meanwhile.
    const code = phone.generate({ timestamp: Date.now() + 30_000 })
    const statuses = []
    for (const [body, site] of [[{ code }, 'cross-site'], [{}], [{ code }]]) {
      statuses.push((await ask('/second-step', body, site)).statusCode)
    }
    statuses.push((await app.inject({ url: '/vault', cookies })).statusCode)
    process.send(statuses)
  `)
  const route = transpiled(block('docs/own-routes.md', 'function secondStep').code).replace('export ', '')
  const program = run(t, `import { Secret, TOTP } from 'otpauth'\n${route}\n${transpiled(quickstart)}`)
  const [statuses] = await once(program, 'message')
  t.same(statuses, [403, 400, 200, 200])
})

t.test('the stand-in in a test suite is a server', async t => {
  const { code } = block('docs/stand-in.md', 'await verify.listen')
  const program = run(t, transpiled(code) + '\nprocess.send(baseUrl)\n')
  const [baseUrl] = await once(program, 'message')
  const answer = await fetch(`${String(baseUrl)}/v2/Services`)
  t.equal(answer.status, 401)
  t.match(await answer.json(), { code: 20003 })
})

t.test('the tests of docs/store-suite.md pass', async t => {
  const program = run(t, transpiled(block('docs/store-suite.md', 'storeSuite({').code))
  let said = ''
  program.stdout?.on('data', chunk => { said += String(chunk) })
  const [exitCode] = await once(program, 'close')
  t.equal(exitCode, 0, said)
  t.match(said, /pass [1-9]/)
})

t.test('CommonJS can require the package', async t => {
  const { code } = block('docs/other-libraries.md', 'require(')
  const program = run(t, `${code}\nconsole.log(typeof verifyTotp, typeof memoryStore)`, ['--input-type=commonjs'])
  let said = ''
  program.stdout?.on('data', chunk => { said += String(chunk) })
  const [exitCode] = await once(program, 'close')
  t.equal(exitCode, 0)
  t.equal(said, 'function function\n')
})

/** What an answer may be: where the page has an ellipsis, the word that it ends is random, or long. */
function patternOf (shown: string): RegExp {
  const parts = shown.split(/[\w-]*…/).map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}
