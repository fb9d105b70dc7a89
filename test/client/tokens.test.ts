import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyRequest } from 'fastify'
import { decodeJwt } from 'jose'
import t, { type Test } from 'tap'
import { createTotpClient, withTotp, type Fetch, type Question, type Reply } from '../../src/client.js'
import { memoryStore, tokenSession, verifyTotp } from '../../src/index.js'
import { sign, verify } from '../again-with-tokens/tokens.js'
import { authenticator } from '../authenticator.js'
import { gate } from '../gate.js'
import { KEY, START } from '../site.js'
import { valueOf } from './site/person.js'

/** A server whose bearer tokens hold the mark. */
async function api (t: Test) {
  let time = START
  const held = { slow: Promise.resolve() }
  const arrived = { slow: () => {} }

  const app = Fastify()
  t.teardown(async () => await app.close())
  const issue = async (sub: string, claims: object = {}) => await sign({ ...claims, sub, jti: randomUUID() })
  const claims = async ({ headers: { authorization = '' } }: FastifyRequest) =>
    await verify(authorization.replace('Bearer ', ''))
  await app.register(verifyTotp, {
    issuer: 'Acme',
    keys: [KEY],
    store: memoryStore(),
    clock: () => time,
    identify: async request => (await claims(request))?.sub,
    session: tokenSession({
      claims,
      issue: async (request: FastifyRequest, totp) => await issue(String((await claims(request))?.sub), totp)
    })
  })
  app.get('/vault', { preHandler: app.totp.required() }, async () => ({ vault: 'gold' }))
  app.post('/payment', { preHandler: app.totp.required({ perRequest: true }) }, async () => ({ payment: 'sent' }))
  app.get('/slow', {
    preHandler: [async () => { arrived.slow(); await held.slow }, app.totp.required()]
  }, async () => ({ slow: 'gold' }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const wait = (seconds: number) => { time += seconds }
  const userOf = (token: string | null) => decodeJwt(token ?? '').sub
  return { url: app.listeningOrigin, issue, userOf, held, arrived, now: () => time, wait }
}

/** An app whose user has a factor. */
async function phone (t: Test) {
  const built = await api(t)
  const { url, issue, now, wait } = built
  const told: string[] = []
  const totp = createTotpClient({ prefix: `${url}/totp`, token: await issue('alice'), onToken: token => { told.push(token) } })
  const { factor, binding } = valueOf(await totp.enroll())
  const app = authenticator(binding.secret)
  assert.ok(!JSON.stringify(valueOf(await totp.verify(factor.sid, app.code(now())))).includes('token'))
  const code = () => {
    wait(30)
    return app.code(now())
  }
  const questions: Question[] = []
  const asked = { reply: async (): Promise<Reply> => code() }
  const send = withTotp(fetch, {
    totp,
    async ask (question) {
      questions.push(question)
      return await asked.reply()
    }
  })
  return { ...built, totp, told, code, questions, asked, send }
}

t.test('the client takes each new token, sends it, and tells the host', async t => {
  const { url, totp, told, send } = await phone(t)
  t.equal(told.length, 2, 'of the enrollment and of the verification')
  t.equal(totp.token, told[1])
  t.equal((await send(`${url}/vault`)).status, 200)
  t.match(await totp.withdraw(), { ok: true })
  t.equal(totp.token, told[2])
  t.equal(told.length, 3)
  t.match(await totp.factors(), { ok: true, value: { approved: false } })
})

t.test('a refusal for a bearer token asks, and the request is sent again with the new one', async t => {
  const { url, totp, questions, send, told } = await phone(t)
  await totp.withdraw()
  t.same(await (await send(`${url}/vault`)).json(), { vault: 'gold' })
  t.match(questions, [{ for: 'session', error: null }])
  t.equal(totp.token, told.at(-1))
})

t.test('a refusal of a request with an older token is repeated without asking', async t => {
  const { url, totp, questions, send, held, arrived } = await phone(t)
  await totp.withdraw()
  const [there, go] = [gate(), gate()]
  Object.assign(held, { slow: go.passed })
  Object.assign(arrived, { slow: there.open })
  const late = send(`${url}/slow`)
  await there.passed
  t.equal((await send(`${url}/vault`)).status, 200)
  go.open()
  t.same(await (await late).json(), { slow: 'gold' })
  t.equal(questions.length, 1)
})

t.test('a header that the host sets itself is left alone', async t => {
  const { url, issue, send, asked } = await phone(t)
  asked.reply = async () => null
  const headers = { authorization: `Bearer ${await issue('bob')}` }
  t.match(await (await send(`${url}/vault`, { headers })).json(), { code: 'ERR_TOTP_NOT_ENROLLED' })
})

t.test('the methods ask too, if their requests go through withTotp, and are repeated with the new token', async t => {
  const { url, issue, code, questions, userOf, told, totp: first } = await phone(t)
  t.ok(told.length > 0 && await issue('bob'))
  const { token } = first
  const totp = createTotpClient({ prefix: `${url}/totp`, token, fetch: async (...args) => await send(...args) })
  const ask = (question: Question) => {
    questions.push(question)
    return code()
  }
  const send: Fetch = withTotp(fetch, { totp, ask })
  await totp.withdraw()
  t.match(await totp.newRecoveryCodes(), { ok: true, value: { recoveryCodes: Array } })
  t.match(questions, [{ for: 'session', request: { method: 'POST', url: `${url}/totp/recovery-codes` } }])
  t.equal(userOf(totp.token), 'alice')
})

t.test('after a logout, or another login, answers to earlier requests bring no token', async t => {
  const { url, issue } = await api(t)
  const [sent, go] = [gate(), gate()]
  const told: string[] = []
  const totp = createTotpClient({
    prefix: `${url}/totp`,
    token: await issue('alice'),
    onToken: token => { told.push(token) },
    async fetch (...args) {
      const answer = await fetch(...args)
      sent.open()
      await go.passed
      return answer
    }
  })
  const enrolled = totp.enroll()
  await sent.passed
  totp.setToken(null)
  go.open()
  t.equal((await enrolled).ok, true)
  t.equal(totp.token, null)
  t.same(told, [])
  t.match(await totp.factors(), { ok: false, error: { code: 'ERR_TOTP_UNIDENTIFIED' } })
  totp.setToken(await issue('bob'))
  t.equal((await totp.factors()).ok, true)
})

t.test('a refreshed token replaces the one it came of, and the login stays the same', async t => {
  const { url, issue, code, totp: { token: first }, wait } = await phone(t)
  wait(30)
  const [sent, go] = [gate(), gate()]
  const totp = createTotpClient({
    prefix: `${url}/totp`,
    token: first,
    async fetch (...args) {
      const answer = await fetch(...args)
      sent.open()
      await go.passed
      return answer
    }
  })
  const challenge = totp.challenge({ code: code() })
  await sent.passed
  const refreshed = await issue('alice', { totp: decodeJwt(first ?? '').totp })
  totp.replaceToken(first, refreshed)
  t.equal(totp.token, refreshed)
  go.open()
  t.match(await challenge, { ok: true })
  t.notSame(totp.token, refreshed, 'the answer to an earlier request brings its token')
  t.match(await totp.factors(), { ok: true, value: { approved: true } })

  const approved = totp.token
  totp.replaceToken(first, refreshed)
  t.equal(totp.token, approved, 'a refresh that comes late doesn\'t undo an approval')
  totp.setToken(null)
  totp.replaceToken(approved, refreshed)
  t.equal(totp.token, null, 'nor a logout')
})

t.test('a refresh while a question waits for its turn doesn\'t take the question away', async t => {
  const { url, issue, totp, code, questions, asked, send } = await phone(t)
  await totp.withdraw()
  const [shown, go] = [gate(), gate()]
  asked.reply = async () => {
    shown.open()
    await go.passed
    return null
  }
  const payment = send(`${url}/payment`, { method: 'POST' })
  await shown.passed
  const vault = send(`${url}/vault`)
  // The answer has arrived once a later request has its own.
  await send(`${url}/totp/factors`)
  totp.replaceToken(totp.token, await issue('alice', { totp: decodeJwt(totp.token ?? '').totp }))
  asked.reply = async () => code()
  go.open()
  t.equal((await payment).status, 401)
  t.equal((await vault).status, 200)
  t.same(questions.map(question => question.for), ['request', 'session'])
})
