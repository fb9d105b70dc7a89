import { join } from 'node:path'
import t from 'tap'
import { authenticator, type Authenticator } from '../authenticator.js'
import { PROGRAM } from '../cli/program.js'
import { emptyDatabase, lackingServer } from '../example/empty-database.js'
import { startExample, temporaryFolder } from '../example/example-server.js'
import { lacking } from '../example/programs.js'
import { run } from './command.js'

/** What a server answered to curl. */
interface Answer {
  readonly status: number
  /** The body as JSON; null without one. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a server sends has no type
  readonly json: any
}

/** Sends a request. */
type Ask = (method: string, path: string, body?: unknown) => Promise<Answer>

t.test('a lost phone, with nothing but curl and the commands', { skip: lackingServer || lacking('curl') }, async t => {
  const DATABASE_URL = await emptyDatabase(t)
  const dataDir = await temporaryFolder(t)
  const server = await startExample(t, { dataDir, env: { DATABASE_URL, REMEMBER: '3600' } })
  const jars = await temporaryFolder(t)

  /** A browser with a cookie jar of its own. */
  function browser (name: string): Ask {
    const jar = join(jars, name)
    return async (method, path, body) => {
      const json = body === undefined ? [] : ['--json', JSON.stringify(body)]
      const args = ['-s', '-b', jar, '-c', jar, '-w', '\n%{http_code}', '-X', method, ...json, new URL(path, server.url).href]
      const { exitCode, stdout, stderr } = await run('curl', args, {})
      if (exitCode !== 0) throw new Error(`curl failed: ${stderr}`)
      const [, text = '', status = ''] = /^(.*)\n(\d+)$/s.exec(stdout) ?? []
      return { status: Number(status), json: text === '' ? null : JSON.parse(text) }
    }
  }

  async function logIn (ask: Ask) {
    t.match(await ask('POST', '/login', { username: 'alice', password: 'demo' }), { status: 200 })
  }

  /** A browser in which alice, or someone who knows her password, has logged in. */
  async function loggedIn (name: string) {
    const ask = browser(name)
    await logIn(ask)
    return ask
  }

  async function totp (...args: string[]) {
    return await run(process.execPath, [PROGRAM, ...args], { DATABASE_URL })
  }

  /** Enrolls an app, and verifies it with the code before the present one, so that two more are unspent. */
  async function enrolled (ask: Ask): Promise<Answer & { app: Authenticator, sid: string }> {
    const { json: { factor: { sid }, binding } } = await ask('POST', '/totp/factors', {})
    const app = authenticator(binding.secret)
    for (let tries = 0; tries < 3; tries++) {
      // The code expires on its way if a time step ends at this moment.
      const answer = await ask('POST', `/totp/factors/${sid}/verify`, { code: app.code(server.now() - 30) })
      if (answer.status === 200) return { ...answer, app, sid }
    }
    throw new Error('no code of the step before was accepted')
  }

  const vault = { status: 200, json: { vault: 'gold', identity: 'alice' } }
  const refused = (code: string, status = 403) => ({ status, json: { code } })

  const alice = await loggedIn('alice')
  const phone = await enrolled(alice)
  const { recoveryCodes: [first = '', second = '', ...others] }: { recoveryCodes: string[] } = phone.json
  t.equal(others.length, 8)
  t.match(await alice('GET', '/vault'), vault, 'alice is enrolled')

  await t.test('a stranger who knows the password locks her out', async t => {
    const stranger = await loggedIn('stranger')
    t.match(await stranger('POST', '/totp/recovery', { code: 'A'.repeat(24) }), refused('ERR_TOTP_CHALLENGE_DENIED'))
    for (let wrong = 0; wrong < 5; wrong++) {
      const code = phone.app.wrongCode(server.now())
      t.match(await stranger('POST', '/totp/challenges', { code }), refused('ERR_TOTP_CHALLENGE_DENIED'))
    }
    const { stdout } = await totp('show', 'alice')
    t.match(stdout, /wrong codes since the last right one: 5, in all: 5\n {2}the last lock began /)
  })

  // The phone is lost, and with it the browser.
  const again = await loggedIn('again')

  await t.test('a recovery code ends the lock, and opens the vault', async t => {
    const code = phone.app.code(server.now())
    t.match(await again('POST', '/totp/challenges', { code }), refused('ERR_TOTP_LOCKED', 429))
    t.match(await again('GET', '/vault'), refused('ERR_TOTP_LOCKED', 429))
    t.match(await again('POST', '/totp/recovery', { code: first.toLowerCase().replaceAll('-', ' ') }), {
      status: 200, json: { status: 'approved', approval: { method: 'recovery', factorSid: null }, remaining: 9 }
    })
    t.match(await again('GET', '/vault'), vault)
    t.match(await alice('GET', '/vault'), refused('ERR_TOTP_CHALLENGE_REQUIRED'), 'every other approval has ended')
    const twice = await alice('POST', '/totp/recovery', { code: first })
    t.match(twice, refused('ERR_TOTP_CHALLENGE_DENIED'), 'it works once')
    t.equal(twice.json.message, 'This code was not accepted. Each one works once: try another.')
    t.match(await again('POST', '/totp/recovery-codes'), refused('ERR_TOTP_CHALLENGE_REQUIRED'), 'it makes no others')
  })

  const { app: newApp, sid: newSid, json: verified } = await enrolled(again)
  t.notOk('recoveryCodes' in verified, 'only the first app comes with recovery codes')

  await t.test('the lost app is removed, and its codes are worth nothing', async t => {
    t.match(await again('DELETE', `/totp/factors/${phone.sid}`), { status: 204 })
    const code = phone.app.code(server.now())
    t.match(await again('POST', '/totp/challenges', { code }), refused('ERR_TOTP_CHALLENGE_DENIED'))
    t.match(await again('POST', '/totp/challenges', { code: newApp.code(server.now()) }), { status: 200 })
    t.match(await again('GET', '/totp/factors'), { json: { factors: [{ sid: newSid }], recovery: { remaining: 9 } } })
  })

  let fresh = ''
  await t.test('new codes replace the old ones', async t => {
    const { status, json } = await again('POST', '/totp/recovery-codes')
    t.match({ status, json }, { status: 201, json: { recoveryCodes: { length: 10 } } })
    fresh = json.recoveryCodes[0]
    for (const code of [first, second]) {
      t.match(await again('POST', '/totp/recovery', { code }), refused('ERR_TOTP_CHALLENGE_DENIED'))
    }
  })

  const home = await loggedIn('home')

  await t.test('a remembered browser opens the vault in the next login, and nothing more', async t => {
    const code = newApp.code(server.now() + 30)
    t.match(await home('POST', '/totp/challenges', { code, remember: true }), {
      status: 200, json: { status: 'approved', approval: { method: 'totp', factorSid: newSid } }
    })
    t.match(await home('GET', '/totp/browsers'), {
      status: 200, json: { browsers: [{ sid: /^YB[0-9a-f]{32}$/, name: 'Browser', current: true }] }
    })
    t.match((await again('GET', '/totp/browsers')).json, { browsers: [{ current: false }] })

    t.match(await home('POST', '/logout'), { status: 204 })
    t.match(await home('GET', '/vault'), { status: 401 })
    await logIn(home)
    t.match(await home('GET', '/vault'), vault)
    t.match(await home('GET', '/totp/factors'), { json: { approved: false, approval: null } })
    t.match(await home('GET', '/totp/browsers'), refused('ERR_TOTP_CHALLENGE_REQUIRED'))
    t.match(await home('POST', '/transfer'), refused('ERR_TOTP_CHALLENGE_REQUIRED'))
    t.match(await home('DELETE', `/totp/factors/${newSid}`), refused('ERR_TOTP_CHALLENGE_REQUIRED'))
    t.match(await (await loggedIn('stranger'))('GET', '/vault'), refused('ERR_TOTP_CHALLENGE_REQUIRED'))
    t.match(JSON.parse((await totp('show', '--json', 'alice')).stdout), { browsers: [{ name: 'Browser' }] })
  })

  await t.test('the operator ends every approval, and forgets every browser', async t => {
    for (const ask of [again, home]) t.match(await ask('GET', '/vault'), vault)
    t.same(await totp('revoke', 'alice'), { exitCode: 0, stdout: '"alice": revoked\n', stderr: '' })
    for (const ask of [again, home]) t.match(await ask('GET', '/vault'), refused('ERR_TOTP_CHALLENGE_REQUIRED'))
    await logIn(home)
    t.match(await home('GET', '/vault'), refused('ERR_TOTP_CHALLENGE_REQUIRED'), 'in the next login neither')
  })

  await t.test('the operator lets her in with a pass, once', async t => {
    t.match(await totp('pass', 'bob', '--by', 'anna'), { exitCode: 3, stdout: '', stderr: /nothing is kept about this identity/ })
    const { exitCode, stdout, stderr } = await totp('pass', 'alice', '--for', '600', '--by', 'anna')
    t.match({ exitCode, stderr }, { exitCode: 0, stderr: /^a pass for "alice", issued by "anna"/ })
    t.match((await totp('show', 'alice')).stdout, /pass: issued by "anna"/)
    const bob = browser('bob')
    await bob('POST', '/login', { username: 'bob', password: 'demo' })
    t.match(await bob('POST', '/totp/recovery', { code: stdout.trim() }), refused('ERR_TOTP_CHALLENGE_DENIED'), 'it is hers')
    t.match(await again('POST', '/totp/recovery', { code: stdout.trim() }), {
      status: 200, json: { status: 'approved', approval: { method: 'pass', factorSid: null }, remaining: 10 }
    })
    t.match(await again('GET', '/vault'), vault, 'back in')
    t.match(await alice('POST', '/totp/recovery', { code: stdout.trim() }), refused('ERR_TOTP_CHALLENGE_DENIED'))
    t.match(await alice('POST', '/totp/recovery', { code: fresh }), { status: 200, json: { remaining: 9 } })
  })

  await t.test('what is kept about her names no secret', async t => {
    const { stdout } = await totp('show', '--json', 'alice')
    t.match(JSON.parse(stdout), {
      identity: 'alice', factors: [{ sid: newSid }], recovery: { remaining: 9 }, pass: null, attempts: { failures: 0 }
    })
    for (const code of [first, second, fresh]) t.notMatch(stdout, code)
  })
})
