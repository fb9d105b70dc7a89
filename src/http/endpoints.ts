import { ownOnly } from '../own-property.js'
import { qrCode } from '../qr.js'
import type { SessionCaller } from '../verifier/caller.js'
import type { Verifier } from '../verifier/verifier.js'
import {
  ChallengeBody, ChallengedSchema, EnrollBody, EnrolledSchema, ErrorSchema, FactorParams, FactorsSchema,
  Nothing, RenameBody, RenamedSchema, VerifiedSchema, VerifyBody
} from './plain-schemas.js'
import { parserOf, type Schema, type Valid } from './schema.js'
import { briefFactor, wireApproval, wireFactor } from './wire.js'

/** A request as an endpoint sees it. */
export interface Call {
  readonly verifier: Verifier
  readonly caller: SessionCaller
  /** The account name that the host derives; null when there is none that may be shown. */
  readonly friendlyName: () => Promise<string | null>
  readonly params: unknown
  /** Must be empty: no endpoint takes a query. */
  readonly query?: unknown
  readonly body: unknown
}

/** The answer that a transport sends. */
export interface Answer {
  readonly status: 200 | 201 | 204
  readonly body?: object
  /** The mark to write to the session before the answer is sent; null leaves the session alone. */
  readonly mark?: string | null
  /** Whether the session was approved, so its id must change with the mark. */
  readonly rotate?: boolean
}

/** A route, without any framework. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** The path below the prefix. */
  readonly path: string
  readonly summary: string
  readonly params: Schema
  /** Null for an endpoint without a body. */
  readonly body: Schema | null
  /** Every status that the endpoint can answer, with its schema. */
  readonly replies: Readonly<Record<number, Schema>>
  /** Checks its input, and throws a `TotpError` to refuse. */
  handle (call: Call): Promise<Answer>
}

interface Definition<Params extends Schema, Body extends Schema> extends
  Pick<Endpoint, 'method' | 'path' | 'summary'> {
  readonly params: Params
  /** `Nothing` for an endpoint without a body. */
  readonly body: Body
  readonly reply: readonly [status: number, schema: Schema]
  /** The refusals beyond those of every endpoint. */
  readonly refusals?: readonly number[]
  handle (call: Call, params: Valid<Params>, body: Valid<Body>): Promise<Answer>
}

/**
 * The refusals of every endpoint: malformed, unidentified, refused, too large, not JSON, broken, unavailable.
 */
const REFUSALS = [400, 401, 403, 413, 415, 500, 503]

/** Every endpoint. */
export const endpoints: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/factors',
    summary: 'List the factors, and the approval of this session',
    params: Nothing,
    body: Nothing,
    reply: [200, FactorsSchema],
    async handle ({ verifier, caller }) {
      const { factors, approval } = await verifier.factors(caller)
      const approved = approval !== null
      const shown = factors.map(factor =>
        approved || factor.status === 'unverified' ? wireFactor(factor) : briefFactor(factor))
      return { status: 200, body: { factors: shown, approved, approval: approval && wireApproval(approval) } }
    }
  }),
  endpoint({
    method: 'POST',
    path: '/factors',
    summary: 'Enroll an authenticator app; its secret is shown in this answer only',
    params: Nothing,
    body: EnrollBody,
    reply: [201, EnrolledSchema],
    refusals: [409, 429],
    async handle ({ verifier, caller, friendlyName }, _params, body) {
      const account = await friendlyName()
      const { factor, secret, uri, mark } = await verifier.enroll(caller, { friendlyName: body.friendlyName, account })
      const qr = await qrCode(uri, body.qr ?? 'svg')
      return { status: 201, body: { factor: wireFactor(factor), binding: { secret, uri, qr } }, mark }
    }
  }),
  endpoint({
    method: 'POST',
    path: '/factors/:sid/verify',
    summary: 'Give the first code of a factor; a right one verifies it and approves this session',
    params: FactorParams,
    body: VerifyBody,
    reply: [200, VerifiedSchema],
    refusals: [404, 409, 429],
    async handle ({ verifier, caller }, { sid }, { code }) {
      const { factor, approval, mark } = await verifier.verify(caller, sid, code)
      const body = { factor: wireFactor(factor), approval: approval && wireApproval(approval) }
      return { status: 200, body, mark, rotate: true }
    }
  }),
  endpoint({
    method: 'PATCH',
    path: '/factors/:sid',
    summary: 'Rename a factor',
    params: FactorParams,
    body: RenameBody,
    reply: [200, RenamedSchema],
    refusals: [404, 429],
    async handle ({ verifier, caller }, { sid }, { friendlyName }) {
      return { status: 200, body: { factor: wireFactor(await verifier.rename(caller, sid, friendlyName)) } }
    }
  }),
  endpoint({
    method: 'DELETE',
    path: '/factors/:sid',
    summary: 'Remove a factor; removing a verified one ends every approval',
    params: FactorParams,
    body: Nothing,
    reply: [204, Nothing],
    refusals: [404, 429],
    async handle ({ verifier, caller }, { sid }) {
      return { status: 204, ...await verifier.remove(caller, sid) }
    }
  }),
  endpoint({
    method: 'POST',
    path: '/challenges',
    summary: 'Answer a challenge with a code; a right one approves this session',
    params: Nothing,
    body: ChallengeBody,
    reply: [200, ChallengedSchema],
    refusals: [404, 429],
    async handle ({ verifier, caller }, _params, { code, factorSid }) {
      const { status, approval, mark, reenroll } = await verifier.challenge(caller, { code, factorSid })
      const hint = reenroll ? { reenroll } : {}
      const body = { status, approval: approval && wireApproval(approval), ...hint }
      return { status: 200, body, mark, rotate: true }
    }
  }),
  endpoint({
    method: 'DELETE',
    path: '/approval',
    summary: 'Take the approval of this session away: it has to answer a challenge again',
    params: Nothing,
    body: Nothing,
    reply: [204, Nothing],
    async handle ({ verifier, caller }) {
      return { status: 204, ...await verifier.withdraw(caller) }
    }
  })
]

function endpoint<Params extends Schema, Body extends Schema> (
  { body, reply: [status, schema], refusals = [], handle, ...rest }: Definition<Params, Body>
): Endpoint {
  const statuses = [...REFUSALS, ...refusals]
  const paramsOf = parserOf('params', rest.params)
  const queryOf = parserOf('querystring', Nothing)
  const bodyOf = parserOf('body', body)
  return {
    ...rest,
    body: body === Nothing ? null : body,
    replies: { [status]: schema, ...Object.fromEntries(statuses.map(status => [status, ErrorSchema])) },
    async handle (call) {
      queryOf(call.query ?? {})
      return ownOnly(await handle(call, paramsOf(call.params), bodyOf(call.body ?? {})))
    }
  }
}
