import { Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { inspect } from 'node:util'
import t from 'tap'
import { codeIn } from '../code-in-text.js'
import { deadlines } from '../deadlines.js'
import type { Response } from '../visitor.js'
import { refusal, sidOf, type Behavior, type Instead, type Kind } from './hostile.js'
import { codeOf, enrolledThere, kept, there, verifyThere } from './there.js'

/** Answers of Twilio that may contain something confidential. */
const SAID = 'SAID_BY_TWILIO_ALONE'
const KINDS: readonly Kind[] = ['enroll', 'verify', 'create', 'update', 'remove', 'fetch']

/** Every failure that there is, in every dress. */
const FAILURES: ReadonlyArray<Behavior | Instead | 'closed'> = [
  refusal(400, 20001, SAID), refusal(401, 20003, SAID), refusal(403, 60311, SAID), refusal(403, 60318, SAID),
  refusal(403, 60322, SAID), refusal(403, 60999, SAID), refusal(404, 20404, SAID), refusal(429, 20429, SAID),
  refusal(429, 60310, SAID), refusal(500, 20500, SAID),
  {
    status: 400,
    body: { type: SAID, title: SAID, detail: SAID, status: 400, code: 60999, errors: [{ detail: SAID }] }
  },
  { status: 502, body: `<html>${SAID}</html>`, type: 'text/html' },
  { status: 200, body: `<html>${SAID}</html>`, type: 'text/html' },
  {
    status: 200,
    body: { status: SAID, sid: SAID, message: SAID, config: SAID, binding: { secret: SAID, uri: SAID } }
  },
  { status: 200, body: 'null' },
  { status: 200, body: '' },
  (_usual, { form }) => {
    const typed = Number(form['AuthPayload'])
    return { status: 400, body: { code: typed, status: typed, message: form['AuthPayload'], title: SAID } }
  },
  (_usual, { form }) => ({ status: 400, body: { code: form['Binding.Secret'] ?? SAID, message: SAID } }),
  'reset', 'cut', 'hang', 'closed'
]

t.test('no failure at Twilio logs a credential, a code, a secret, or Twilio\'s answer', async t => {
  let log = ''
  const thrown: unknown[] = []
  const replies: Response[] = []
  const made = await there(t, {
    server: {
      logger: { level: 'trace', base: null, stream: new Writable({ write: (line, _encoding, done) => { log += String(line); done() } }) }
    },
    host: app => { app.addHook('onError', async (_request, _reply, error) => { thrown.push(error) }) }
  })
  const { login, server, app, events, store } = made
  server.whenHung = deadlines(t).pass
  const secrets = new Map([
    ['the auth token', server.authToken],
    ['the credentials', Buffer.from(`${server.client.accountSid}:${server.authToken}`).toString('base64')],
    ['the beginning of the credentials', Buffer.from(`${server.client.accountSid}`).toString('base64').slice(0, 40)],
    ['what Twilio said', SAID]
  ])
  const codes: string[] = []
  const code = (): string => {
    const next = codeOf(314_000 + codes.length)
    codes.push(next)
    return next
  }
  const take = (response: Response): Response => {
    replies.push(response)
    return response
  }
  const given = { twilioIdentity: 'somebody', twilioFactorSid: sidOf('YF') }

  for (const [index, failure] of FAILURES.entries()) {
    const identity = `person ${index}`
    const operator = { identity, operator: true } as const
    const person = await login(identity)
    await enrolledThere(person)
    const { sid: verified } = (await kept(store, identity)).factors[0] ?? { sid: '' }
    const unverified = await person.enroll()
    secrets.set(`a secret of ${identity}`, unverified.secret)
    take(await person.challenge(code()))
    if (failure === 'closed') await server.close()
    else for (const kind of KINDS) server.answer(kind, failure)
    t.not(take(await person.challenge(code())).status, 200)
    t.not(take(await person.challenge(code())).status, 200)
    t.not(take(await verifyThere(person, unverified.sid, code())).status, 200)
    t.not(take(await person.post('/totp/factors', {})).status, 201)
    take(await person.delete(`/totp/factors/${verified}`))
    take(await person.delete(`/totp/factors/${verified}`))
    take(await person.get('/totp/factors'))
    const acts = [
      app.totp.challenge(operator, { code: code() }), app.totp.enroll(operator, { friendlyName: 'x' }),
      app.totp.adopt({ identity, ...given }), app.totp.remove(operator, verified), app.totp.reset(identity)
    ]
    for (const act of await Promise.allSettled(acts)) {
      if (act.status === 'rejected') thrown.push(act.reason)
    }
    for await (const { error } of app.totp.adoptAll([{ identity, ...given }])) thrown.push(error)
    server.mend()
  }
  await turn()

  t.ok(thrown.length > FAILURES.length * 4)
  t.match(log, 'ERR_TOTP_PROVIDER')
  t.match(log, 'Twilio answered with HTTP 403, error 60999', 'but the log says what it was')
  const places = new Map([
    ['the log', log],
    ['the replies', JSON.stringify(replies.map(({ text, headers }) => [text, headers]))],
    ['the events', JSON.stringify(events)],
    ['the errors', thrown.map(error => inspect(error, { depth: null, showHidden: true })).join('\n')],
    ['the errors as JSON', thrown.map(error => JSON.stringify(error)).join('\n')],
    ['the causes', thrown.flatMap(causesOf).map(error => `${inspect(error, { depth: null })} ${String(error)}`).join('\n')]
  ])
  for (const [place, text] of places) {
    t.strictSame([...secrets].filter(([, secret]) => text.includes(secret)).map(([name]) => name), [], place)
    t.strictSame(codes.filter(code => codeIn(code).test(text)), [], `${place}: codes`)
  }
})

t.test('the store has neither secret nor URI of a factor at Twilio', async t => {
  const { login, store } = await there(t)
  const alice = await login('alice')
  const { sid, secret } = await alice.enroll('phone')
  t.notMatch(JSON.stringify(await kept(store)), secret)
  await verifyThere(alice, sid)
  t.notMatch(JSON.stringify(await kept(store)), secret)
  t.notMatch(JSON.stringify(await kept(store)), 'otpauth')
})

function causesOf (error: unknown): unknown[] {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  return cause === undefined ? [error] : [error, ...causesOf(cause)]
}
