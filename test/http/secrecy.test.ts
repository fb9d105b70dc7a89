import { setImmediate as turn } from 'node:timers/promises'
import { base32nopad } from '@scure/base'
import t from 'tap'
import type { TotpEvent } from '../../src/index.js'
import { codeIn } from '../code-in-text.js'
import { faultyStore } from '../faulty-store.js'
import { site } from '../site.js'
import type { Response, Visitor } from '../visitor.js'

/** What must not be found, by name. */
type Secrets = Map<string, RegExp>

/** Every way in which a secret might be written down. */
function hideSecret (secrets: Secrets, name: string, secret: string, uri: string): void {
  const bytes = Buffer.from(base32nopad.decode(secret))
  hide(secrets, `${name} in base32`, secret)
  hide(secrets, `${name} in hex`, bytes.toString('hex'))
  hide(secrets, `${name} in base64`, bytes.toString('base64').replace(/=+$/, ''))
  hide(secrets, `${name} in base64url`, bytes.toString('base64url'))
  hide(secrets, `${name} as a list of bytes`, [...bytes].join(','))
  hide(secrets, `${name} in its URI`, uri)
  hide(secrets, `${name} in an encoded URI`, encodeURIComponent(uri))
}

function hide (secrets: Secrets, name: string, text: string): void {
  secrets.set(name, new RegExp(text.replace(/[^\w]/g, '\\$&'), 'i'))
}

/** A recovery code or a pass, in whatever spelling. */
function hideRecovery (secrets: Secrets, name: string, code: string): void {
  secrets.set(name, new RegExp([...code.replaceAll('-', '')].join('[\\s-]*'), 'i'))
}

/** The names of the secrets that are in a text. */
function found (text: string, secrets: Secrets): string[] {
  return [...secrets].filter(([, pattern]) => pattern.test(text)).map(([name]) => name)
}

t.test('no secret, URI, code, recovery code, pass, mark or cookie gets into a log, an event, the store, an error or a URL', async t => {
  const secrets: Secrets = new Map()
  const plain = new Map<string, string>()
  const answers: Response[] = []
  const events: TotpEvent[] = []
  const sessions = new Map<string, { readonly [key: string]: unknown }>()
  const store = faultyStore()
  let log = ''
  let failing: string | null = null

  const { app, login, now, wait } = await site(t, {
    totp: {
      store,
      onEvent: event => {
        events.push(event)
        if (failing !== null) throw new Error(failing, { cause: failing })
      },
      friendlyName: request => request.session.userId ?? 'x'
    },
    log: line => { log += line },
    sessions: {
      get: (id, done) => done(null, JSON.parse(JSON.stringify(sessions.get(id) ?? null))),
      set: (id, session, done) => { sessions.set(id, JSON.parse(JSON.stringify(session))); done() },
      destroy: (id, done) => { sessions.delete(id); done() }
    }
  })

  /** Takes down what a browser and the sessions know after each request. */
  async function asked (person: Visitor, ...request: Parameters<Visitor['request']>): Promise<Response> {
    const answer = await person.request(...request)
    answers.push(answer)
    for (const [name, value] of person.cookies) plain.set(`cookie ${name} no. ${answers.length}`, value)
    for (const [id, session] of sessions) {
      plain.set(`session id no. ${answers.length}`, id)
      for (const value of Object.values(session)) {
        if (typeof value === 'string' && /^[\w-]{22}$/.test(value)) plain.set(`mark no. ${answers.length}`, value)
      }
    }
    return answer
  }

  async function code (person: Visitor, url: string, body: { code: string }, name: string) {
    plain.set(name, body.code)
    return await asked(person, 'POST', url, body)
  }

  const alice = await login('alice')
  const factor = await alice.enroll('phone')
  const { sid, secret, uri } = factor
  hideSecret(secrets, 'the secret', secret, uri)
  await asked(alice, 'GET', '/vault')
  const verify = `/totp/factors/${sid}/verify`
  t.match(await code(alice, verify, { code: factor.wrongCode(now()) }, 'a wrong first code'), { status: 403 })
  const verified = await code(alice, verify, { code: factor.code(now()) }, 'the first code')
  t.match(verified, { status: 200 })
  const { recoveryCodes }: { recoveryCodes: string[] } = verified.json()
  for (const [place, recovery] of recoveryCodes.entries()) hideRecovery(secrets, `recovery code ${place}`, recovery)
  const spent = factor.code(now())
  wait(30)
  t.match(await code(alice, '/totp/challenges', { code: spent }, 'a spent code'), { status: 403 })
  t.match(await code(alice, '/totp/challenges', { code: factor.wrongCode(now()) }, 'a wrong code'), { status: 403 })
  t.match(await code(alice, '/totp/challenges', { code: factor.code(now()) }, 'a right code'), { status: 200 })
  wait(30)
  const next = factor.code(now())
  const spelt = `${next.slice(0, 3)} ${next.slice(3)}`
  t.match(await code(alice, '/totp/challenges', { code: spelt }, 'a code with a space'), { status: 200 })
  await asked(alice, 'PATCH', `/totp/factors/${sid}`, { friendlyName: 'tablet' })
  await asked(alice, 'GET', '/totp/factors')

  for (const body of ['{"code":"314159"', '{"code":314159}', '314159', '{"code":"314159","x":"314159"}']) {
    t.match(await asked(alice, 'POST', '/totp/challenges', body), { status: 400 })
  }
  plain.set('a code in malformed JSON', '314159')
  t.match(await asked(alice, 'POST', '/totp/challenges', 'code=314159', { 'content-type': 'text/plain' }), { status: 415 })

  wait(30)
  const marks = [...plain].filter(([name]) => name.startsWith('mark'))
  t.ok(marks.length > 0, 'the sessions hold marks')
  const said = `${recoveryCodes.join(' ')} ${factor.code(now())} ${secret} ${uri} ${marks.map(([, mark]) => mark).join(' ')} `
  const leak = `${said} postgres://app:correct-horse@db/app`
  hide(secrets, 'the password of the database', 'correct-horse')
  failing = leak
  for (const method of ['get', 'replace'] as const) {
    store.break(method, async () => {
      throw Object.assign(new Error(leak), { code: leak, detail: leak, query: [leak] })
    })
    t.match(await code(alice, '/totp/challenges', { code: factor.code(now()) }, 'a code for a broken store'), { status: 503 })
    t.match(await asked(alice, 'GET', '/vault'), { status: method === 'get' ? 503 : 200 })
    store.break(method, async () => leak)
    t.match(await code(alice, '/totp/challenges', { code: factor.code(now()) }, 'a code for a broken store'), { status: 503 })
    store.mend()
  }
  t.match(await code(alice, '/totp/challenges', { code: factor.code(now()) }, 'a code whose event fails'), { status: 200 })
  await turn()
  failing = null

  const second = await alice.enroll()
  hideSecret(secrets, 'the second secret', second.secret, second.uri)
  for (let wrong = 0; wrong < 6; wrong++) {
    await code(alice, '/totp/challenges', { code: factor.wrongCode(now()) }, 'a wrong code that locks')
  }
  t.match(await code(alice, '/totp/challenges', { code: factor.code(now()) }, 'a code while locked'), { status: 429 })
  wait(30)
  t.match(await code(alice, '/totp/challenges', { code: factor.code(now()) }, 'a code after a lock'), { status: 200 })

  const dump = async () => JSON.stringify(await store.get('identity:alice'))
  const dumped = await dump()
  t.match(dumped, /"sealed":|"remote":/, 'there is something in the store')
  t.match(await asked(alice, 'DELETE', `/totp/factors/${second.sid}`), { status: 204 })

  const recover = async (code: string) => await asked(alice, 'POST', '/totp/recovery', { code })
  const made = await asked(alice, 'POST', '/totp/recovery-codes')
  t.match(made, { status: 201 })
  const { recoveryCodes: newCodes }: { recoveryCodes: string[] } = made.json()
  for (const [place, recovery] of newCodes.entries()) hideRecovery(secrets, `new recovery code ${place}`, recovery)
  const [right = '', spelt2 = '', broken = ''] = newCodes
  t.match(await recover(recoveryCodes[0] ?? ''), { status: 403 }, 'a replaced one')
  t.match(await recover(right), { status: 200 })
  t.match(await recover(right), { status: 403 }, 'a spent one')
  t.match(await recover(spelt2.toLowerCase().replaceAll('-', ' ')), { status: 200 })
  t.match(await recover(`${broken}A`), { status: 400 }, 'a malformed one')
  t.match(await asked(alice, 'POST', '/totp/recovery', `{"code":"${broken}"`), { status: 400 })
  const { code: pass } = await app.totp.pass('alice', { by: 'Carol' })
  hideRecovery(secrets, 'the pass', pass)
  store.break('replace', async () => { throw Object.assign(new Error(`${leak} ${pass}`), { query: [pass, broken] }) })
  for (const code of [pass, broken]) t.match(await recover(code), { status: 503 }, 'one for a broken store')
  store.mend()
  t.same(found(await dump(), secrets), [], 'the store holds no recovery code')
  t.match(await recover(pass), { status: 200 })
  t.match(await asked(alice, 'DELETE', '/totp/approval'), { status: 204 })
  wait(30)
  t.match(await code(alice, '/totp/challenges', { code: factor.code(now()) }, 'the last code'), { status: 200 })
  t.match(await asked(alice, 'DELETE', `/totp/factors/${sid}`), { status: 204 })
  await asked(alice, 'POST', '/logout')
  await turn()

  for (const [name, value] of plain) {
    const digits = value.replace(/\D/g, '')
    if (name.includes('code')) secrets.set(name, codeIn(digits))
    else hide(secrets, name, value)
  }
  const sought = [...secrets.keys()]

  app.log.error(new Error(said), 'planted')
  app.log.trace({ planted: [...plain.values(), encodeURIComponent(uri)] })
  const lines = log.split('\n').filter(line => line !== '').map(line => JSON.parse(line))
  const isPlanted = (line: object) => JSON.stringify(line).includes('planted')
  const planted = JSON.stringify(lines.filter(isPlanted))
  t.same(sought.filter(name => /cookie|session|mark|code|base32/.test(name) && !/second|new/.test(name))
    .filter(name => !found(planted, secrets).includes(name)), [], 'the search finds in a log what is there')
  const bytes = Buffer.from(base32nopad.decode(secret))
  t.same(found([secret, bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url'), [...bytes].join(), uri,
    encodeURIComponent(uri)].join('\n'), secrets).length, 7, 'the search finds every spelling of a secret')

  const logged = lines.filter(line => !isPlanted(line))
    .map(({ time, pid, responseTime, ...line }) => JSON.stringify(line))
  t.ok(logged.length > 60, 'there is a log')
  for (const line of logged) t.same(found(line, secrets), [], line.slice(0, 200))
  t.match(logged.join('\n'), /totp: onEvent failed/, 'the log tells of the listener that failed')

  t.ok(events.length > 10, 'there are events')
  for (const { type, identity, factorSid, method, at, ...rest } of events) {
    if (type === 'pass.issued') t.same(rest, { by: 'Carol', actor: 'operator', context: null })
    else t.same(rest, { by: type === 'pass.used' ? 'Carol' : null, actor: 'user', context: null })
    t.equal(identity, 'alice')
    t.same(found(JSON.stringify({ type, factorSid, method }), secrets), [])
  }

  t.same(found(dumped, secrets), [], 'the store holds nothing that opens anything')
  t.same(found(await dump(), secrets), [], 'neither at the end')

  for (const answer of answers) {
    const { status, headers, text } = answer
    t.equal(headers.location, undefined)
    t.equal(headers.link, undefined)
    const { 'set-cookie': cookies, ...others } = headers
    t.same(found(JSON.stringify(others), secrets), [], 'no header tells')
    const set = [cookies ?? []].flat()
    t.ok(set.length <= 1, 'there is no cookie but the session\'s')
    for (const cookie of set) {
      t.match(cookie, /^sessionId=/)
      t.same(found(String(cookie), secrets).filter(name => !/^(cookie|session id)/.test(name)), [], 'the cookie holds no mark')
    }
    const shown = answer === verified ? /^recovery code/ : answer === made ? /^new recovery code/ : /^$/
    t.same(found(text, secrets).filter(name => !shown.test(name)), [], `no answer tells, ${status}`)
  }
})
