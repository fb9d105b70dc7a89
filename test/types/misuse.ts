// Nothing here runs: that the compiler refuses each line below `@ts-expect-error`, and no other, is the test.
import Fastify from 'fastify'
import type { Pool } from 'pg'
import type { PGlite } from '@electric-sql/pglite'
import {
  fastifySession, memoryStore, postgresStore, secureSession, tokenSession, verifyTotp,
  type AnyTotpError, type Approval, type Entity, type EntityStore, type Factor, type FastifyTotpOptions,
  type Guard, type NewMark, type SessionPort, type Store, type TotpEvent
} from '../../src/index.js'

const app = Fastify()
const store = memoryStore<Entity>()
const keys = [new Uint8Array(32)]
const identify = () => 'alice'

/* Options */

await app.register(verifyTotp, { issuer: 'Acme', keys, store, identify })
await app.register(verifyTotp, {
  issuer: 'Acme',
  keys,
  store,
  identify: async request => request.headers.from ?? null,
  friendlyName: async request => request.ip,
  session: fastifySession,
  attempts: { lockAfter: 3 },
  config: { alg: 'sha256', skew: 0 },
  trustedOrigins: ['https://app.example'],
  onEvent: async ({ type, identity, factorSid, at }) => { console.log(type, identity, factorSid, at) }
})
// @ts-expect-error no issuer
await app.register(verifyTotp, { keys, store, identify })
// @ts-expect-error no keys
await app.register(verifyTotp, { issuer: 'Acme', store, identify })
// @ts-expect-error no store
await app.register(verifyTotp, { issuer: 'Acme', keys, identify })
// @ts-expect-error no identify
await app.register(verifyTotp, { issuer: 'Acme', keys, store })
// @ts-expect-error no options at all
await app.register(verifyTotp)

export const good: FastifyTotpOptions = { issuer: 'Acme', keys, store, identify }
export const wrong: FastifyTotpOptions[] = [
  // @ts-expect-error an id that is a number would have to be coerced
  { ...good, identify: () => 42 },
  // @ts-expect-error so would one in a promise
  { ...good, identify: async () => 42 },
  // @ts-expect-error an unknown option
  { issuer: 'Acme', keys, store, identify, maxAttempts: 5 },
  // @ts-expect-error an unknown option of attempts
  { ...good, attempts: { limit: 5 } },
  // @ts-expect-error text for a number
  { ...good, maxAge: '300' },
  // @ts-expect-error a hash that no app has
  { ...good, config: { alg: 'md5' } },
  // @ts-expect-error one key, rather than a list
  { ...good, keys: new Uint8Array(32) },
  // @ts-expect-error keys as text
  { ...good, keys: ['secret'] },
  // @ts-expect-error a store that writes without compare-and-set
  { ...good, store: { get: async () => null, set: async () => {} } },
  // @ts-expect-error a store whose replace says nothing
  { ...good, store: { get: async () => null, replace: async () => {} } },
  // @ts-expect-error a clock that is a date
  { ...good, clock: () => new Date() },
  // @ts-expect-error options are not the place for the request
  { ...good, friendlyName: (request: string) => request }
]

/* Guard */

app.get('/a', { preHandler: app.totp.required() }, async request => request.totp?.factorSid)
app.get('/b', { onRequest: [app.totp.required({ maxAge: 300, unenrolled: 'allow' })] }, async () => {})
app.addHook('preHandler', app.totp.required())
app.get('/b2', { preHandler: app.totp.required({ methods: ['totp', 'pass'] }) }, async request => request.totp?.method)
app.totp.required({ unenrolled: () => new Date(0) })
app.post('/b3', { preHandler: app.totp.required({ perRequest: true }) }, async request => request.totp?.expiresAt)
// @ts-expect-error a flag in text
app.totp.required({ perRequest: 'yes' })
// @ts-expect-error check judges no codes
export const checked = app.totp.check({ identity: 'alice', session: { mark: null, began: 0 } }, { perRequest: true })
app.totp.required({ unenrolled: request => request.headers['x-team'] === 'sales' ? 'allow' : 'deny' })
// @ts-expect-error an answer that comes later
app.totp.required({ unenrolled: async () => 'allow' as const })
// @ts-expect-error a method that doesn't exist
app.totp.required({ methods: ['sms'] })
// @ts-expect-error a maximum in text
app.totp.required({ maxAge: '5' })
// @ts-expect-error an answer that is neither
app.totp.required({ unenrolled: 'permit' })
// @ts-expect-error an unknown requirement
app.totp.required({ maxage: 5 })
// @ts-expect-error an approval to begin with
app.get('/c', { preHandler: app.totp.required({ approval: true }) }, async () => {})
export const hook: Guard = app.totp.required()
// @ts-expect-error the maker of guards is no guard
export const maker: Guard = app.totp.required

// @ts-expect-error nor does a route take it for one
app.get('/g', { preHandler: app.totp.required }, async () => {})

app.get('/d', async request => {
  // @ts-expect-error there may be none
  const { factorSid } = request.totp
  return factorSid
})
app.get('/e', async request => {
  // @ts-expect-error an approval is not written to
  if (request.totp !== null) request.totp.at = 0
})

/* Verifier */

app.post('/f', async (request, reply) => {
  const caller = await app.totp.caller(request)
  const { approval, mark } = await app.totp.challenge(caller, { code: '123456' })
  await app.totp.keep(request, reply, mark)
  await app.totp.challenge({ identity: 'alice', operator: true }, { code: '123456', factorSid: 'YF' })
  // @ts-expect-error no caller
  await app.totp.challenge({ code: '123456' })
  // @ts-expect-error a caller that is an identity alone would be nobody's session
  await app.totp.challenge({ identity: 'alice' }, { code: '123456' })
  // @ts-expect-error an operator who is none
  await app.totp.challenge({ identity: 'alice', operator: false }, { code: '123456' })
  // @ts-expect-error a code that is a number has lost its zeros
  await app.totp.challenge(caller, { code: 123456 })
  // @ts-expect-error no code
  await app.totp.challenge(caller, {})
  // @ts-expect-error a request is no caller
  await app.totp.challenge(request, { code: '123456' })
  // @ts-expect-error an operator has no session to pass with
  await app.totp.check({ identity: 'alice', operator: true })
  // @ts-expect-error a mark is not guessed
  await app.totp.keep(request, reply)
  // @ts-expect-error a friendly name is needed
  await app.totp.enroll(caller, {})
  // @ts-expect-error an id that is a number
  await app.totp.revoke(42)
  // @ts-expect-error the answer of an operator has no approval
  const { at } = approval
  return at
})

/* What is answered is not changed */

export async function mutated (
  remark: NewMark, factor: Factor, approval: Approval, event: TotpEvent
): Promise<void> {
  // @ts-expect-error
  remark.mark = null
  // @ts-expect-error
  factor.status = 'verified'
  // @ts-expect-error
  factor.config.skew = 1
  // @ts-expect-error
  approval.at = 0
  // @ts-expect-error
  event.identity = 'bob'
  const entity = await store.get('identity:alice')
  // @ts-expect-error there may be none
  const revision = entity.revision
  // @ts-expect-error
  if (entity !== null) entity.attempts.failures = revision
  // @ts-expect-error
  if (entity !== null) entity.factors.push(entity.factors[0])
}

/* Ports */

export const stores: EntityStore[] = [store, memoryStore()]
export const clients = (pool: Pool, pglite: PGlite) =>
  [postgresStore({ client: pool }), postgresStore({ client: pglite })]
// @ts-expect-error no client
postgresStore({})
// @ts-expect-error a connection string is no client
postgresStore({ client: 'postgres://localhost' })
export const ports: SessionPort[] = [secureSession, { read: () => undefined, write: () => {} }]
await app.register(verifyTotp, {
  issuer: 'Acme',
  keys,
  store,
  identify,
  session: tokenSession({
    claims: request => request.headers,
    issue: async ({ id }, { totp = '', auth_time: at = 0, amr = [], acr = '' }) => [id, totp, at, ...amr, acr].join()
  })
})
export const signed: FastifyTotpOptions['session'] =
  tokenSession({ claims: ({ headers }) => headers, issue: ({ id }) => id })
// @ts-expect-error a token is a text
tokenSession({ claims: () => null, issue: () => 5 })
// @ts-expect-error no issue
tokenSession({ claims: () => null })
// @ts-expect-error a request has no claims, unless the host says so
tokenSession({ claims: request => request.claims, issue: () => 'token' })
// @ts-expect-error a port that can't write
export const readOnly: SessionPort = { read: () => undefined }
// @ts-expect-error documents have a revision
export type Unversioned = Store<{ readonly name: string }>

/* Errors */

export function reaction (error: AnyTotpError): number {
  switch (error.code) {
    case 'ERR_TOTP_LOCKED':
    case 'ERR_TOTP_CONFLICT':
      return error.retryAfter
    case 'ERR_TOTP_CHALLENGE_REQUIRED':
      return error.maxAge
    case 'ERR_TOTP_STORE':
      // @ts-expect-error only some say when to come back
      return error.retryAfter
    // @ts-expect-error no such code
    case 'ERR_TOTP_WRONG':
      return 0
    default:
      return error.statusCode
  }
}
