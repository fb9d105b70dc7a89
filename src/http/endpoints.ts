import { ownOnly } from '../own-property.js'
import { qrCode } from '../qr.js'
import type { SessionCaller } from '../verifier/caller.js'
import type { Verifier } from '../verifier/verifier.js'
import {
  BrowserParams, BrowsersSchema, ChallengeBody, ChallengedSchema, EnrollBody, EnrolledSchema, ErrorSchema,
  FactorParams, FactorsSchema, Nothing, RecoverBody, RecoveredSchema, RecoveryCodesSchema, RenameBody,
  RenamedSchema, TokenSchema, VerifiedSchema, VerifyBody
} from './plain-schemas.js'
import { parserOf, type Schema, type Valid } from './schema.js'
import type { MarkChange, Prepared } from './tokens.js'
import { briefFactor, wireApproval, wireBrowser, wireFactor } from './wire.js'

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
  /** Signs the token that a change needs; null where sessions keep marks, or where it can't change one. */
  readonly prepare?: (change: MarkChange) => Promise<Prepared | null>
}

/** The answer that a transport sends. */
export interface Answer {
  readonly status: 200 | 201 | 204
  readonly body?: object
  /** The mark to write to the session before the answer is sent; null leaves the session alone. */
  readonly mark?: string | null
  /** Whether the session was approved, so its id must change with the mark. */
  readonly rotate?: boolean
  /** The tokens to write to the cookie of remembered browsers; null leaves it alone. */
  readonly browserTokens?: readonly string[] | null
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
  /** Null, or absent, for an endpoint that never changes the mark of a session. */
  readonly change?: MarkChange | null
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
      const { factors, approval, recovery } = await verifier.factors(caller)
      const approved = approval !== null
      const shown = factors.map(factor =>
        approved || factor.status === 'unverified' ? wireFactor(factor) : briefFactor(factor))
      const body = { factors: shown, approved, approval: approval && wireApproval(approval), recovery }
      return { status: 200, body }
    }
  }),
  endpoint({
    method: 'POST',
    path: '/factors',
    summary: 'Enroll an authenticator app; its secret is shown in this answer only',
    params: Nothing,
    body: EnrollBody,
    reply: [201, EnrolledSchema],
    change: { of: 'unmarked', method: null },
    refusals: [409, 429],
    async handle ({ verifier, caller, friendlyName }, _params, body) {
      const account = await friendlyName()
      const names = { friendlyName: body.friendlyName, account }
      const { factor, secret, uri, mark } = await verifier.enroll(caller, names)
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
    change: { of: 'all', method: 'totp' },
    refusals: [404, 409, 429],
    async handle ({ verifier, caller }, { sid }, { code }) {
      const { factor, approval, recoveryCodes, mark } = await verifier.verify(caller, sid, code)
      const shown = recoveryCodes === null ? {} : { recoveryCodes }
      const body = { factor: wireFactor(factor), approval: approval && wireApproval(approval), ...shown }
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
    change: { of: 'marked', method: null },
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
    change: { of: 'all', method: 'totp' },
    refusals: [404, 429],
    async handle ({ verifier, caller }, _params, { code, factorSid, remember }) {
      const challenged = await verifier.challenge(caller, { code, factorSid, remember })
      const { status, approval, mark, reenroll, browserTokens } = challenged
      const hint = reenroll ? { reenroll } : {}
      const body = { status, approval: approval && wireApproval(approval), ...hint }
      return { status: 200, body, mark, rotate: true, browserTokens }
    }
  }),
  endpoint({
    method: 'POST',
    path: '/recovery',
    summary: 'Give a recovery code or a pass; a right one approves this session and ends a lock',
    params: Nothing,
    body: RecoverBody,
    reply: [200, RecoveredSchema],
    change: { of: 'all', method: 'recovery' },
    async handle ({ verifier, caller }, _params, { code }) {
      const { status, approval, remaining, mark } = await verifier.recover(caller, code)
      const body = { status, approval: approval && wireApproval(approval), remaining }
      return { status: 200, body, mark, rotate: true }
    }
  }),
  endpoint({
    method: 'POST',
    path: '/recovery-codes',
    summary: 'Replace the recovery codes; the new ones are shown in this answer only',
    params: Nothing,
    body: Nothing,
    reply: [201, RecoveryCodesSchema],
    refusals: [429],
    async handle ({ verifier, caller }) {
      const { recoveryCodes } = await verifier.newRecoveryCodes(caller)
      return { status: 201, body: { recoveryCodes } }
    }
  }),
  endpoint({
    method: 'GET',
    path: '/browsers',
    summary: 'List the remembered browsers',
    params: Nothing,
    body: Nothing,
    reply: [200, BrowsersSchema],
    refusals: [429],
    async handle ({ verifier, caller }) {
      const browsers = await verifier.browsers(caller)
      return { status: 200, body: { browsers: browsers.map(wireBrowser) } }
    }
  }),
  endpoint({
    method: 'DELETE',
    path: '/browsers/:sid',
    summary: 'Forget a remembered browser; a browser may always forget itself',
    params: BrowserParams,
    body: Nothing,
    reply: [204, Nothing],
    refusals: [429],
    async handle ({ verifier, caller }, { sid }) {
      return { status: 204, ...await verifier.forgetBrowser(caller, sid) }
    }
  }),
  endpoint({
    method: 'DELETE',
    path: '/browsers',
    summary: 'Forget all remembered browsers',
    params: Nothing,
    body: Nothing,
    reply: [204, Nothing],
    refusals: [429],
    async handle ({ verifier, caller }) {
      return { status: 204, ...await verifier.forgetBrowsers(caller) }
    }
  }),
  endpoint({
    method: 'DELETE',
    path: '/approval',
    summary: 'Take the approval of this session away: it has to answer a challenge again',
    params: Nothing,
    body: Nothing,
    reply: [204, Nothing],
    change: { of: 'marked', method: null },
    async handle ({ verifier, caller }) {
      return { status: 204, ...await verifier.withdraw(caller) }
    }
  })
]

function endpoint<Params extends Schema, Body extends Schema> (
  definition: Definition<Params, Body>
): Endpoint {
  const { body, reply: [status, schema], change = null, refusals = [], handle, ...rest } = definition
  const refused = Object.fromEntries([...REFUSALS, ...refusals].map(status => [status, ErrorSchema]))
  const tokenReply = change !== null && status === 204 ? { 200: TokenSchema } : {}
  const paramsOf = parserOf('params', rest.params)
  const queryOf = parserOf('querystring', Nothing)
  const bodyOf = parserOf('body', body)
  return {
    ...rest,
    body: body === Nothing ? null : body,
    replies: { [status]: schema, ...tokenReply, ...refused },
    async handle (call) {
      queryOf(call.query ?? {})
      const [params, input] = [paramsOf(call.params), bodyOf(call.body ?? {})]
      const prepared = change && await call.prepare?.(change)
      if (prepared === null || prepared === undefined) return ownOnly(await handle(call, params, input))
      const answer = ownOnly(await handle({ ...call, caller: prepared.caller }, params, input))
      return withToken(answer, prepared.token)
    }
  }
}

/** The answer with the token that was signed for it, if the session's mark has changed. */
function withToken (answer: Answer, token: string): Answer {
  const { status, body, mark = null } = answer
  if (mark === null) return answer
  return { ...answer, status: status === 204 ? 200 : status, body: { ...body, token } }
}
