import Fastify from 'fastify'
import t from 'tap'
import { createTotp } from '../../src/connect.js'
import { memoryStore, verifyTotp, type TotpClaims } from '../../src/index.js'
import { MARK } from '../../src/sessions/session.js'
import { tokenSession, withClaim } from '../../src/sessions/token-session.js'
import { KEY } from '../site.js'
import { untyped } from '../untyped.js'

const issue = () => 'token'
const MARKED = 'A'.repeat(22)

const NEEDED = { issuer: 'Acme', keys: [KEY], store: memoryStore(), identify: () => 'alice' }

function refusalOf (option: string) {
  return { code: 'ERR_TOTP_INVALID_OPTION', message: new RegExp(`"${option.replaceAll('.', '\\.')}"`) }
}

t.test('wrong options stop the boot, and say which', async t => {
  const claims = () => null
  const WRONG: ReadonlyArray<readonly [option: string, options: unknown]> = [
    ['tokenSession.claims', { issue }], ['tokenSession.claims', { claims: {}, issue }],
    ['tokenSession.issue', { claims }], ['tokenSession.issue', { claims, issue: 'token' }],
    ['tokenSession.sign', { claims, issue, sign: issue }],
    ['tokenSession', undefined], ['tokenSession', null], ['tokenSession', () => {}]
  ]
  for (const [option, options] of WRONG) {
    t.throws(() => tokenSession(untyped(options)), refusalOf(option), option)
  }
})

t.test('the mark is in the claims, now or later, and nothing else counts as one', async t => {
  const read = (claims: unknown) => tokenSession({ claims: () => claims, issue }).read({})
  t.equal(read({ totp: MARKED }), MARKED)
  t.equal(await read(Promise.resolve({ totp: MARKED })), MARKED)
  const inherits: unknown = Object.create({ totp: MARKED })
  for (const claims of [undefined, null, '', 'totp', 5, {}, [], { [MARK]: MARKED }, inherits]) {
    t.equal(read(claims), undefined)
    t.equal(await read(Promise.resolve(claims)), undefined)
  }
})

t.test('an authenticator that throws 401 has found no token; any other error is a fault', async t => {
  const failing = (error: unknown) => tokenSession({ claims: () => { throw error }, issue })
  const rejecting = (error: unknown) => tokenSession({ claims: async () => { throw error }, issue })
  for (const status of ['statusCode', 'status']) {
    const error = Object.assign(new Error('expired'), { [status]: 401 })
    t.equal(failing(error).read({}), undefined)
    t.equal(await rejecting(error).read({}), undefined)
  }
  const forbidden = Object.assign(new Error('x'), { statusCode: 403 })
  for (const error of [new Error('down'), forbidden, { statusCode: 401 }]) {
    t.throws(() => failing(error).read({}))
    await t.rejects(Promise.resolve(rejecting(error).read({})))
  }
})

t.test('with another name the mark has another claim, but none that tokens have anyway', async t => {
  const session = tokenSession({ claims: (request: object) => request, issue })
  t.equal(withClaim(session, 'admin').read({ totp: 'x', admin: MARKED }), MARKED)
  for (const name of ['sub', 'exp', 'amr']) {
    t.throws(() => createTotp({ ...NEEDED, session, name }), refusalOf('name'), name)
    const app = Fastify()
    t.teardown(async () => await app.close())
    await t.rejects(async () => await app.register(verifyTotp, { ...NEEDED, session, name }), refusalOf('name'))
  }
  const given: TotpClaims[] = []
  const totp = createTotp({
    ...NEEDED,
    session: tokenSession({
      claims: () => ({ admin: MARKED }),
      issue (_request, totp) {
        given.push(totp)
        return 'token'
      }
    }),
    name: 'admin'
  })
  const caller = await totp.caller(untyped({ headers: {} }))
  t.equal(caller.session.mark, MARKED)
  t.strictSame(await totp.claims(caller), { admin: MARKED })
  const unmarked = { ...caller, session: { ...caller.session, mark: null } }
  const { mark } = await totp.enroll(unmarked, { account: 'alice' })
  t.strictSame(await totp.keep(untyped({ headers: {} }), untyped({}), mark), { token: 'token' })
  t.strictSame(given, [{ admin: mark }])
})

t.test('browsers can\'t be remembered', async t => {
  const session = tokenSession({ claims: () => null, issue })
  const remember = { for: 60 }
  t.throws(() => createTotp({ ...NEEDED, session, remember }), refusalOf('remember'))
  const app = Fastify()
  t.teardown(async () => await app.close())
  await t.rejects(async () => await app.register(verifyTotp, { ...NEEDED, session, remember }), refusalOf('remember'))
})

t.test('no method lets a request pass that is used as a hook by mistake, and none writes', async t => {
  const port: Record<'read' | 'write' | 'issue' | 'withClaim', (...args: unknown[]) => unknown> =
    untyped(tokenSession({ claims: () => null, issue }))
  const next = () => { t.fail('it goes on') }
  const misused = { code: 'ERR_TOTP_INVALID_OPTION' }
  for (const method of [port.read, port.issue, port.withClaim]) {
    t.throws(() => Reflect.apply(method, port, [{}, {}, next]), misused, method.name)
  }
  t.throws(() => port.write({}, {}, MARKED, false), TypeError)
})
