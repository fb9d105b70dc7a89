import t, { type Test } from 'tap'
import type { TotpClaims } from '../../src/index.js'
import { deadlines } from '../deadlines.js'
import { faultyStore } from '../faulty-store.js'
import { gate } from '../gate.js'
import { authenticator } from '../authenticator.js'
import { codeIn } from '../code-in-text.js'
import { untyped } from '../untyped.js'
import { api, sign, SERVERS, type Client, type Server } from './bearer.js'

/** A server whose `issue` can be broken, and a user with an approved app. */
async function breakable (t: Test, server: Server, totp: object = {}) {
  const store = faultyStore()
  const issued: TotpClaims[] = []
  let broken: ((totp: TotpClaims) => unknown) | null = null
  const made = await api(t, server, {
    store,
    totp,
    issue: async (_request, totp) => {
      issued.push(totp)
      return broken === null ? await sign({ sub: 'alice', ...totp }) : await broken(totp)
    }
  })
  const alice = await made.login('alice')
  const phone = await alice.enrollVerified()
  const entity = async () => await store.get('identity:alice')
  const breakIssue = (how: typeof broken) => { broken = how }
  return { ...made, store, issued, alice, phone, entity, breakIssue }
}

const STORE = { status: 503, code: 'ERR_TOTP_STORE', token: undefined }
const OPTION = { status: 500, code: 'ERR_TOTP_INVALID_OPTION', token: undefined }

/** How `issue` may fail, and what the client is told. */
const FAULTS: Readonly<Record<string, readonly [fault: (totp: TotpClaims) => unknown, answer: object]>> = {
  throws: [totp => { throw new Error(`can't sign ${JSON.stringify(totp)} with secret=hunter2`) }, STORE],
  'throws nothing': [() => { throw untyped(null) }, STORE],
  'throws 401': [() => { throw Object.assign(new Error('expired'), { statusCode: 401 }) }, STORE],
  rejects: [async () => { throw new Error('KMS is down') }, STORE],
  'returns nothing': [() => undefined, OPTION],
  'returns null': [() => null, OPTION],
  'returns an empty text': [() => '', OPTION],
  'returns a number': [() => 5, OPTION],
  'returns an object': [totp => ({ token: 'x', ...totp }), OPTION],
  'returns a list': [() => ['x'], OPTION],
  'returns a text with a line break': [() => 'x\r\nset-cookie: a=b', OPTION],
  'returns a text with blanks': [() => 'Bearer abc', OPTION],
  'returns a function': [() => () => 'x', OPTION]
}

for (const server of SERVERS) {
  t.test(`${server}: if no token can be signed, nothing is spent, counted, removed or learned`, async t => {
    const { alice, phone, entity, breakIssue, login, totp, lines, now, wait } = await breakable(t, server)
    const { code: pass } = await totp.pass('alice', { by: 'Carol' })
    const other = await login('alice')
    const bob = await login('bob')
    wait(30)
    const [right, wrong] = [phone.code(now()), phone.wrongCode(now())]
    const [recoveryCode = ''] = phone.recoveryCodes
    const tries: ReadonlyArray<readonly [Client, method: string, path: string, body?: object]> = [
      [other, 'POST', '/totp/challenges', { code: right }],
      [other, 'POST', '/totp/challenges', { code: wrong }],
      [other, 'POST', '/totp/recovery', { code: recoveryCode }],
      [other, 'POST', '/totp/recovery', { code: pass }],
      [other, 'POST', '/totp/recovery', { code: 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA' }],
      [alice, 'DELETE', `/totp/factors/${phone.sid}`],
      [alice, 'DELETE', '/totp/approval'],
      [bob, 'POST', '/totp/factors', {}]
    ]
    const before = await entity()
    for (const [fault, [break_, answer]] of Object.entries(FAULTS)) {
      breakIssue(break_)
      for (const [client, ...asked] of tries) t.match(await client.ask(...asked), answer, `${fault}: ${asked.join(' ')}`)
      t.match(await alice.vault(), { status: 200 }, fault)
      t.match(await other.ask('POST', '/totp/challenges', { code: 'x' }), { status: 400 }, 'malformed all the same')
    }
    t.strictSame(await entity(), before, 'nothing was written')
    t.match((await bob.ask('GET', '/totp/factors')).json(), { factors: { length: 0 } })
    t.match(await alice.ask('PATCH', `/totp/factors/${phone.sid}`, { friendlyName: 'x' }), { status: 200 }, 'needs no token')
    breakIssue(null)
    t.match(await other.challenge(right), { status: 200 })
    t.match(await other.ask('POST', '/totp/recovery', { code: recoveryCode }), { status: 200 })

    const log = lines.join('\n')
    t.match(log, /KMS is down/, 'the cause is in the log')
    t.match(log, /tokenSession\.issue/)
    t.match(log, /can't sign/)
    for (const secret of ['hunter2', recoveryCode, pass]) t.notOk(log.includes(secret))
    for (const code of [right, wrong]) t.notMatch(log, codeIn(code))
  })

  t.test(`${server}: an issue that hangs times out`, async t => {
    const { hang } = deadlines(t)
    const { alice, phone, entity, breakIssue, now, wait } = await breakable(t, server, { timeout: 60 })
    wait(30)
    const before = await entity()
    breakIssue(hang)
    t.match(await alice.challenge(phone.code(now())), STORE)
    t.strictSame(await entity(), before)
    breakIssue(null)
    t.match(await alice.challenge(phone.code(now())), { status: 200 })
  })

  t.test(`${server}: a token is signed for the mark that is to be, and sent once the write has won`, async t => {
    const { alice, phone, store, issued, login, now, wait } = await breakable(t, server, { timeout: 1 })
    const other = await login('alice')
    const forge = async () => {
      const { totp } = issued.at(-1) ?? {}
      const client = other.copy()
      client.token = await sign({ sub: 'alice', totp })
      return await client.vault()
    }
    wait(30)
    t.match(await other.challenge(phone.wrongCode(now())), { status: 403, token: undefined })
    t.match(await forge(), { status: 401 }, 'the mark of a denied code opens nothing')
    for (const lose of [async () => { throw new Error('lost') }, async () => false]) {
      store.break('replace', lose)
      t.match(await other.challenge(phone.code(now())), { status: 503, token: undefined })
      store.mend()
      t.match(await forge(), { status: 401 }, 'nor does that of a write that was lost')
    }
    t.match(await other.challenge(phone.code(now())), { status: 200 })
    t.equal(other.claims()['totp'], issued.at(-1)?.totp)
    t.match(await forge(), { status: 200 })
    t.match(await alice.vault(), { status: 200 }, 'other tokens keep their approval')
  })

  t.test(`${server}: a logout withdraws the approval even if no token can be signed`, async t => {
    const { alice, breakIssue, lines } = await breakable(t, server)
    const elsewhere = alice.copy()
    breakIssue(() => { throw new Error('KMS is down') })
    t.match(await alice.ask('POST', '/logout'), STORE)
    t.match(await elsewhere.vault(), { status: 401 })
    t.match(lines.join(''), /KMS is down/)
    breakIssue(null)
    const before = alice.token
    t.match(await alice.ask('POST', '/logout'), { status: 200, token: undefined }, 'it is gone already')
    t.equal(alice.token, before)
  })

  t.test(`${server}: a logout counts at once, however long the new token takes`, async t => {
    const [arrived, held] = [gate(), gate()]
    const { alice, login, breakIssue, issued } = await breakable(t, server)
    const elsewhere = alice.copy()
    breakIssue(async totp => {
      arrived.open()
      await held.passed
      return await sign({ sub: 'alice', ...totp })
    })
    const leaving = alice.ask('POST', '/logout')
    await arrived.passed
    t.match(await elsewhere.vault(), { status: 401 })
    held.open()
    t.match(await leaving, { status: 200, token: /./ })
    t.strictSame(Object.keys(alice.claims()).sort(), ['jti', 'sub', 'totp'])
    const before = issued.length
    for (const client of [elsewhere, await login('alice')]) {
      t.match(await client.ask('POST', '/logout'), { status: 200, token: undefined })
    }
    t.equal(issued.length, before, 'where nothing is withdrawn, no token is signed')
  })

  t.test(`${server}: a logout with a token that names no user, or without a token, ends nothing and works`, async t => {
    const { client } = await api(t, server)
    for (const token of [undefined, 'nonsense', await sign({ sub: '' })]) {
      t.match(await client(token).ask('POST', '/logout'), { status: 200, token: undefined }, String(token))
    }
  })

  t.test(`${server}: two requests that change the mark at once: both tokens count, and one logout ends both`, async t => {
    const held = gate()
    let isHeld = false
    const { login, now, wait } = await api(t, server, {
      issue: async (_request, totp) => {
        if (isHeld) await held.passed
        return await sign({ sub: 'alice', ...totp })
      }
    })
    const alice = await login('alice')
    const phone = await alice.enrollVerified()
    const { factor: { sid }, binding } = (await alice.ask('POST', '/totp/factors', {})).json()
    const tablet = authenticator(binding.secret)
    t.match(await alice.ask('POST', `/totp/factors/${sid}/verify`, { code: tablet.code(now()) }), { status: 200 })
    wait(30)
    const [one, two, three] = [alice.copy(), alice.copy(), alice.copy()]
    isHeld = true
    const code = phone.code(now())
    const answers = [one.challenge(code), two.challenge(tablet.code(now())), three.challenge(code)]
    isHeld = false
    held.open()
    const [first, second, third] = await Promise.all(answers)
    t.match(second, { status: 200, token: /./ })
    const same = [first, third]
    t.strictSame(same.map(answer => answer?.status).sort(), [200, 403], 'the same code works once')
    t.equal(same.filter(answer => answer?.token !== undefined).length, 1)
    t.not(one.claims()['totp'], two.claims()['totp'])
    const winner = first?.status === 200 ? one : three
    for (const client of [winner, two]) t.match(await client.vault(), { status: 200 })
    t.match(await alice.vault(), { status: 401 }, 'the token that both came with is a first factor')

    t.match(await two.ask('DELETE', '/totp/approval'), { status: 200, token: /./ })
    for (const client of [winner, two]) t.match(await client.vault(), { status: 401 }, 'both came of one token')
  })

  t.test(`${server}: a challenge that was under way when its approval was withdrawn approves nothing`, async t => {
    const [held, arrived] = [gate(), gate()]
    let isHeld = false
    const { login, now, wait } = await api(t, server, {
      issue: async (_request, totp) => {
        if (isHeld) {
          isHeld = false
          arrived.open()
          await held.passed
        }
        return await sign({ sub: 'alice', ...totp })
      }
    })
    const alice = await login('alice')
    const phone = await alice.enrollVerified()
    wait(30)
    const slow = alice.copy()
    isHeld = true
    const challenge = slow.challenge(phone.code(now()))
    await arrived.passed
    t.match(await alice.ask('POST', '/logout'), { status: 200, token: /./ })
    held.open()
    t.match(await challenge, { status: 401, code: 'ERR_TOTP_CHALLENGE_REQUIRED', token: undefined })
    for (const client of [alice, slow]) t.match(await client.vault(), { status: 401 })
    t.match(await alice.challenge(phone.code(now())), { status: 200 }, 'the code was not spent')
  })

  t.test(`${server}: your own routes get the token from keep`, async t => {
    const bodyOf = (body: unknown): { code: string } => Object(body)
    let broken = false
    const { login, now, wait } = await api(t, server, {
      issue: async (_request, totp) => {
        if (broken) throw new Error('KMS is down')
        return await sign({ sub: 'alice', ...totp })
      },
      totp: { acr: 'urn:acme:mfa' },
      routes: {
        '/second-step': async (totp, { request, reply, body }) => {
          const caller = await totp.caller(Object(request))
          const { mark } = await totp.challenge(caller, bodyOf(body))
          return await totp.keep(Object(request), Object(reply), mark)
        },
        '/enroll': async (totp, { request, reply }) => {
          const { mark, secret } = await totp.enroll(await totp.caller(Object(request)), { account: 'alice' })
          return { secret, ...await totp.keep(Object(request), Object(reply), mark) }
        },
        '/nothing': async (totp, { request, reply }) => await totp.keep(Object(request), Object(reply), null)
      }
    })
    const alice = await login('alice')
    const phone = await alice.enrollVerified()
    wait(30)
    const again = await login('alice')
    t.match(await again.ask('POST', '/second-step', { code: phone.code(now()) }), { status: 200, token: /./ })
    t.match(await again.vault(), { status: 200 })
    t.match(again.claims(), { auth_time: now(), amr: ['otp'], acr: 'urn:acme:mfa' })
    t.strictSame((await again.ask('GET', '/nothing')).json(), {})
    const bob = await login('alice two')
    t.match(await bob.ask('POST', '/enroll', {}), { token: /./ })

    wait(30)
    broken = true
    t.match(await again.ask('POST', '/second-step', { code: phone.code(now()) }), { status: 503, token: undefined })
    t.match(await again.vault(), { status: 401 }, 'without its token, the approval is lost: answer another challenge')
  })

  t.test(`${server}: no token, mark or code is in the log`, async t => {
    const { login, lines, now, wait, alice, phone, breakIssue } = await breakable(t, server)
    const tokens: unknown[] = [alice.token]
    const note = async (asked: Promise<unknown>) => { tokens.push(Reflect.get(Object(await asked), 'token')) }
    wait(30)
    const codes = [phone.code(now()), phone.wrongCode(now())]
    for (const code of codes) await note(alice.challenge(code))
    await note(alice.ask('POST', '/refresh'))
    await note(alice.ask('POST', '/transfer', {}))
    await note(alice.ask('DELETE', '/totp/approval'))
    await note(alice.ask('POST', '/logout'))
    const marks = tokens.flatMap(token => typeof token === 'string' ? [markIn(token)] : [])
    t.ok(marks.length > 3)
    breakIssue(({ totp }) => { throw new Error(`no ${totp} with Bearer ${String(alice.token)}, as "${codes.join()}"`) })
    const other = await login('alice')
    await other.challenge(phone.code(now()))
    const log = lines.join('\n')
    t.match(log, /no … with/)
    for (const secret of [...tokens, ...marks]) {
      if (typeof secret === 'string') t.notOk(log.includes(secret), secret)
    }
    for (const code of codes) t.notMatch(log, codeIn(code))
  })
}

function markIn (token: string): unknown {
  return JSON.parse(Buffer.from(String(token.split('.')[1]), 'base64url').toString()).totp
}
