import t, { type Test } from 'tap'
import { withTotp, type Ask, type Fetch, type Question, type Reply, type WithTotpOptions } from '../../../src/client.js'
import { gate } from '../../gate.js'
import { served } from './person.js'
import type { SiteOptions } from '../../site.js'

/** A user with a factor, not approved, whose page uses `withTotp`. */
async function page (t: Test, options: Partial<WithTotpOptions> = {}, siteOptions: SiteOptions = {}) {
  const built = await served(t, siteOptions)
  const person = await built.person('alice')
  const factor = await person.enroll()
  await person.totp.withdraw()
  built.wait(30)
  const { questions, ask, answer } = dialog()
  const [there, go] = [gate(), gate()]
  /** The answer to `GET /vault?late` is there, but arrives when the test says so. */
  const late = { there: there.passed, go: go.open }
  const fetch: Fetch = async (input, init) => {
    const answer = await person.fetch(input, init)
    if (String(input).endsWith('?late')) {
      there.open()
      await go.passed
    }
    return answer
  }
  const api = withTotp(fetch, { totp: person.totp, ask, ...options })
  person.sent.length = 0
  return { ...built, ...person, factor, code: () => factor.code(built.now()), questions, answer, api, late }
}

/** A dialog that its test answers: each question waits for the next answer. */
function dialog () {
  const questions: Question[] = []
  const answers: Array<(reply: Reply) => void> = []
  const waiting: Array<(answer: (reply: Reply) => void) => void> = []
  const ask: Ask = async question => await new Promise(resolve => {
    questions.push(question)
    const next = waiting.shift()
    if (next === undefined) answers.push(resolve)
    else next(resolve)
  })
  /** Waits for a question, and answers it. */
  async function answer (reply: Reply | (() => Reply | Promise<Reply>)): Promise<void> {
    const next = () => new Promise<(reply: Reply) => void>(resolve => { waiting.push(resolve) })
    const resolve = answers.shift() ?? await next()
    resolve(typeof reply === 'function' ? await reply() : reply)
  }
  return { questions, ask, answer }
}

const type = { 'content-type': 'application/json' }
const post = (body: string): RequestInit => ({ method: 'POST', body, headers: type })

t.test('parallel refusals ask once, and each request is sent once more', async t => {
  const { url, api, questions, answer, code, sent } = await page(t)
  const all = Promise.all([1, 2, 3].map(async () => await (await api(`${url}/vault`)).json()))
  await answer(() => ` ${code().slice(0, 3)}-${code().slice(3)} `)
  t.match(await all, [{ vault: 'gold' }, { vault: 'gold' }, { vault: 'gold' }])
  t.match(questions, [{ for: 'session', error: null, request: { method: 'GET', url: `${url}/vault` } }])
  t.equal(questions.length, 1)
  t.equal(sent.filter(request => request === 'GET /vault').length, 6)
  t.equal(sent.filter(request => request === 'POST /totp/challenges').length, 1)
  t.equal((await api(`${url}/vault`)).status, 200, 'no question while the approval lasts')
  t.equal(questions.length, 1)
})

t.test('the body and the headers of a request are sent again', async t => {
  const { url, api, answer, code, totp, wait } = await page(t, {}, {
    routes (app) {
      app.post('/echo', { preHandler: app.totp.required() }, async request =>
        ({ body: request.body, header: request.headers['x-header'] }))
    }
  })
  const headers = { 'content-type': 'application/json', 'x-header': 'kept' }
  const init = { method: 'POST', headers, body: '{"a":1}' }
  for (const send of [
    async () => await api(`${url}/echo`, init),
    async () => await api(new URL(`${url}/echo`), { ...init, body: new Blob(['{"a":1}']) }),
    async () => await api(new Request(`${url}/echo`, init)),
    async () => await api(new Request(`${url}/echo`, { method: 'POST' }), init)
  ]) {
    const sent = send()
    await answer(code)
    t.same(await (await sent).json(), { body: { a: 1 }, header: 'kept' })
    await totp.withdraw()
    wait(30)
  }
})

t.test('a wrong code is asked for again, with the reason, until it is right or given up', async t => {
  const { url, api, questions, answer, factor, now, code } = await page(t)
  const first = api(`${url}/vault`)
  await answer('12345')
  await answer(factor.wrongCode(now()))
  await answer(code)
  t.equal((await first).status, 200)
  t.match(questions.map(({ error }) => error?.code), [undefined, 'FST_ERR_VALIDATION', 'ERR_TOTP_CHALLENGE_DENIED'])
})

t.test('if the login ends while the dialog is open, the question ends, and the requests get the 401', async t => {
  const { url, api, fetch, questions, answer, code, sent } = await page(t)
  const both = [api(`${url}/vault`), api(`${url}/vault`)]
  await answer(async () => {
    await fetch(`${url}/logout`, { method: 'POST' })
    return code()
  })
  for (const refused of await Promise.all(both)) {
    t.equal(refused.status, 401)
    t.match(await refused.json(), { code: 'ERR_TOTP_UNIDENTIFIED' })
  }
  t.equal(questions.length, 1)
  t.equal(sent.filter(request => request === 'GET /vault').length, 4)
})

t.test('if the user gives up, the requests get the refusal, and those under way ask no more', async t => {
  const { url, api, questions, answer, sent, code, late } = await page(t)
  const delayed = api(`${url}/vault?late`)
  await late.there
  const [one, other] = [api(`${url}/vault`), api(`${url}/vault`)]
  await answer(null)
  for (const refused of await Promise.all([one, other])) {
    t.equal(refused.status, 403)
    t.match(await refused.json(), { code: 'ERR_TOTP_CHALLENGE_REQUIRED' }, 'and its body is there to be read')
  }
  late.go()
  t.equal((await delayed).status, 403)
  t.equal(questions.length, 1)
  t.equal(sent.filter(request => request === 'GET /vault').length, 3)

  const next = api(`${url}/vault`)
  await answer(undefined)
  t.equal((await next).status, 403)
  t.equal(questions.length, 2, 'a new request asks')
  const last = api(`${url}/vault`)
  await answer(code)
  t.equal((await last).status, 200)
})

t.test('a refusal that arrives after an approval is repeated without asking', async t => {
  const { url, api, questions, answer, code, late } = await page(t)
  const delayed = api(`${url}/vault?late`)
  await late.there
  const vault = api(`${url}/vault`)
  await answer(code)
  t.equal((await vault).status, 200)
  late.go()
  t.match(await (await delayed).json(), { vault: 'gold' })
  t.equal(questions.length, 1)
})

t.test('recovery codes, remembered browsers and one of several factors can be the answer', async t => {
  const remember = { for: 86400, insecure: true }
  const { url, api, answer, factor, totp, code, wait } = await page(t, {}, { totp: { remember } })
  const typed = api(`${url}/vault`)
  await answer(() => ({ code: code(), recoveryCode: '' }))
  t.match(await (await typed).json(), { vault: 'gold' }, 'an empty field is no recovery code')
  await totp.withdraw()
  wait(30)
  const recovered = api(`${url}/vault`)
  await answer({ recoveryCode: factor.recoveryCodes[0] ?? '' })
  t.match(await (await recovered).json(), { approval: { method: 'recovery' } })
  await totp.withdraw()
  wait(30)
  const remembered = api(`${url}/transfer`, post('{}'))
  await answer(() => ({ code: code(), factorSid: factor.sid, remember: true }))
  t.equal((await remembered).status, 200)
  t.match(await totp.browsers(), { value: { browsers: [{ current: true }] } })
})

t.test('if ask throws, its request rejects, and the next one asks again', async t => {
  let asked = 0
  const { url, api } = await page(t, { ask () { asked++; throw new Error('closed') } })
  await t.rejects(api(`${url}/vault`), { message: 'closed' })
  t.equal(asked, 1)
  await t.rejects(api(`${url}/vault`), { message: 'closed' })
  t.equal(asked, 2)
})

t.test('the question ends after ten wrong answers', async t => {
  let asked = 0
  const { url, api } = await page(t, { ask () { asked++; return '12' } })
  t.equal((await api(`${url}/vault`)).status, 403)
  t.equal(asked, 10)
})

t.test('a payment takes a code of its own: two of them ask one after the other', async t => {
  const { url, api, questions, answer, code, wait, factor, now, sent } = await page(t)
  const [one, other] = [api(`${url}/payment`, post('{"to":1}')), api(`${url}/payment`, post('{"to":2}'))]
  await answer(factor.wrongCode(now()))
  t.equal(questions.length, 1)
  await answer(code)
  await answer(code)
  wait(30)
  await answer(code)
  const paid = await Promise.all([one, other].map(async answer => await (await answer).json()))
  t.match(paid, [{ payment: 'sent', body: { to: 1 } }, { payment: 'sent', body: { to: 2 } }])
  t.match(questions.map(({ error }) => error?.code),
    [undefined, 'ERR_TOTP_CHALLENGE_DENIED', undefined, 'ERR_TOTP_CHALLENGE_DENIED'], 'a code works once')
  t.match(questions[0], { for: 'request', request: { method: 'POST', url: `${url}/payment` } })
  t.equal(sent.filter(request => request === 'POST /payment').length, 6)
})

t.test('a payment that is given up gets the last refusal, and codes may be of any script', async t => {
  const { url, api, answer, code, factor, now, wait } = await page(t)
  const cancelled = api(`${url}/payment`, post('{}'))
  await answer(null)
  t.match(await (await cancelled).json(), { code: 'ERR_TOTP_CODE_REQUIRED' })
  const denied = api(`${url}/payment`, post('{}'))
  await answer(factor.wrongCode(now()))
  await answer({ recoveryCode: 'a recovery code is no code of an app' })
  await answer(null)
  t.match(await (await denied).json(), { code: 'ERR_TOTP_CHALLENGE_DENIED' })
  const paid = api(`${url}/payment`, post('{}'))
  wait(30)
  const inArabic = () => code().replace(/\d/g, digit => String.fromCodePoint(0x660 + Number(digit)))
  await answer(() => ({ code: inArabic(), factorSid: factor.sid }))
  t.equal((await paid).status, 200)
})

t.test('the dialog of a payment shows a lock', async t => {
  const { url, api, questions, answer, factor, now, code } = await page(t)
  const locked = api(`${url}/payment`, post('{}'))
  for (let wrong = 0; wrong < 5; wrong++) await answer(factor.wrongCode(now()))
  await answer(code)
  await answer(null)
  t.match(await (await locked).json(), { code: 'ERR_TOTP_LOCKED' })
  t.match(questions.at(-1)?.error, { code: 'ERR_TOTP_LOCKED', status: 429 })
})

t.test('a session that is approved in another way, while its question waits for a payment\'s, asks nothing', async t => {
  const { url, api, questions, answer, code, totp, late } = await page(t)
  const given = api(`${url}/payment`, post('{}'))
  const vault = api(`${url}/vault?late`)
  await late.there
  late.go()
  // The answer has arrived once a later request has its own.
  await api(`${url}/payment`, { method: 'GET' })
  t.equal((await totp.challenge({ code: code() })).ok, true)
  await answer(null)
  t.equal((await given).status, 403)
  t.equal((await vault).status, 200)
  t.match(questions.map(question => question.for), ['request'])
})

t.test('a stream is not sent twice: the caller is told', async t => {
  const { url, api, questions } = await page(t)
  const stream = () => new ReadableStream({ start (controller) { controller.enqueue(Buffer.from('{}')); controller.close() } })
  const generator = async function * () { yield Buffer.from('{}') }
  for (const body of [stream(), generator()]) {
    const init: RequestInit = Object.assign(post(''), { body, duplex: 'half' })
    const error = await api(`${url}/transfer`, init).then(() => null, error => error)
    t.match(error, { code: 'ERR_TOTP_UNREPEATABLE', response: { status: 403 } })
    t.match(await error.response.json(), { code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  }
  t.equal(questions.length, 0)
})

t.test('an abort before, while and after the dialog ends one request, and not the others', async t => {
  const { url, api, questions, answer, code, totp, wait } = await page(t)
  await t.rejects(api(`${url}/vault`, { signal: AbortSignal.abort(new Error('before')) }), { message: 'before' })
  t.equal(questions.length, 0)

  const controller = new AbortController()
  const aborted = api(new Request(`${url}/vault`, { signal: controller.signal }))
  const afterwards = new AbortController()
  const kept = api(`${url}/vault`, { signal: afterwards.signal })
  while (questions.length === 0) await new Promise(resolve => setImmediate(resolve))
  const joined = api(`${url}/vault`, { signal: controller.signal })
  await totp.factors()
  controller.abort(new Error('while'))
  await t.rejects(aborted, { message: 'while' })
  await t.rejects(joined, { message: 'while' })
  t.equal(questions[0]?.signal.aborted, false, 'another request waits')
  await answer(code)
  t.equal((await kept).status, 200)
  afterwards.abort()
  t.equal(questions[0]?.signal.aborted, false, 'or its listener would close the dialog of the next question')

  await totp.withdraw()
  wait(30)
  const last = new AbortController()
  const alone = api(`${url}/vault`, { signal: last.signal })
  while (questions.length === 1) await new Promise(resolve => setImmediate(resolve))
  last.abort(new Error('alone'))
  await t.rejects(alone, { message: 'alone' })
  t.equal(questions[1]?.signal.aborted, true, 'the dialog may close')
  const next = api(`${url}/vault`)
  await answer(null)
  await answer(code)
  t.equal((await next).status, 200, 'a dialog that no request waits for declines nothing')
})
