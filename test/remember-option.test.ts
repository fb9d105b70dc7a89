import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import t from 'tap'
import { createTotp } from '../src/connect.js'
import { requirementOf, routeRequirementOf } from '../src/guard.js'
import { verifyTotp } from '../src/index.js'
import { settingsOf, type TotpOptions } from '../src/options.js'
import { memoryStore } from '../src/stores/memory.js'
import { untyped } from './untyped.js'

const DAY = 86_400
const KEY = randomBytes(32)
const NEEDED: TotpOptions = { issuer: 'Acme', keys: [KEY], store: memoryStore(), identify: () => 'alice' }

function refusalOf (option: string) {
  return { code: 'ERR_TOTP_INVALID_OPTION', message: new RegExp(`"${option.replaceAll('.', '\\.')}"`) }
}

t.test('browsers are remembered only if the option says so, and for 90 days at most', async t => {
  t.equal(settingsOf(NEEDED).remember, undefined)
  t.same(settingsOf({ ...NEEDED, remember: { for: 90 * DAY } }).remember, { for: 90 * DAY })
  t.same(settingsOf({ ...NEEDED, remember: { for: 1, insecure: true } }).remember, { for: 1, insecure: true })
  const WRONG: ReadonlyArray<readonly [option: string, remember: unknown]> = [
    ['remember', null], ['remember', true], ['remember', DAY], ['remember', [DAY]],
    ['remember.for', {}], ['remember.for', { for: 0 }], ['remember.for', { for: 90 * DAY + 1 }],
    ['remember.for', { for: 1.5 }], ['remember.for', { for: '60' }], ['remember.for', { for: Infinity }],
    ['remember.insecure', { for: 60, insecure: 'yes' }], ['remember.secure', { for: 60, secure: false }]
  ]
  for (const [option, remember] of WRONG) {
    const options = { ...NEEDED, remember: untyped(remember) }
    t.throws(() => settingsOf(options), refusalOf(option), JSON.stringify(remember))
  }
})

t.test('with sessions that have no cookies it stops the boot, on every server', async t => {
  const [read, write] = [() => null, () => {}]
  const remember = { for: DAY }
  const session = { read, write, cookies: false }
  t.throws(() => createTotp({ ...NEEDED, session, remember }), refusalOf('remember'))
  const app = Fastify()
  t.after(async () => await app.close())
  const registering = async () => await app.register(verifyTotp, { ...NEEDED, session, remember })
  await t.rejects(registering, refusalOf('remember'))
  for (const cookies of [undefined, true]) {
    const given = { read, write, ...cookies === undefined ? {} : { cookies } }
    t.ok(createTotp({ ...NEEDED, session: given, remember }))
  }
  t.ok(createTotp({ ...NEEDED, session }), 'without remember they are fine')
})

t.test('a requirement counts remembered browsers unless it has a maxAge or methods of its own', async t => {
  const approvals = ['totp', 'recovery', 'pass']
  t.same(requirementOf({}, 600).methods, [...approvals, 'remembered'])
  t.same(requirementOf({ maxAge: 600 }, 600).methods, approvals)
  t.same(requirementOf({ methods: ['totp'] }, 600).methods, ['totp'])
  t.same(requirementOf({ methods: ['remembered'] }, 600).methods, ['remembered'])
  t.throws(() => requirementOf({ maxAge: 60, methods: ['remembered'] }, 600), refusalOf('required.methods'))
  const both = { maxAge: 60, methods: ['totp', 'remembered'] } as const
  t.throws(() => routeRequirementOf(both, 600), refusalOf('required.methods'))
  t.same(routeRequirementOf({ anonymous: 'allow' }, 600).requirements.allow.methods, [...approvals, 'remembered'])
})
