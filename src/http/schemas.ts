// TypeBox takes longer to load than a server takes to start, so endpoints use the copies in plain-schemas.ts.
import { Type, type TSchema } from '@sinclair/typebox'
import { FRIENDLY_NAME_PATTERN, FRIENDLY_NAME_RULE } from '../entity/friendly-name.js'
import { CODE_PATTERN } from '../otp/code.js'

const Code = Type.String({
  pattern: CODE_PATTERN,
  description: '6 to 8 digits; blanks don\'t matter, and neither does a hyphen in the middle'
})
const FactorSid = Type.String({ pattern: '^YF[0-9a-f]{32}$', description: 'YF and 32 hex digits' })
const FriendlyName = Type.String({
  pattern: FRIENDLY_NAME_PATTERN,
  description: `${FRIENDLY_NAME_RULE}; the authenticator app shows it`
})
const RecoveryCodes = Type.Array(Type.String(), {
  description: 'Each works once, in any order. Shown only in this answer'
})
const DateTime = Type.String({ description: 'ISO 8601, UTC' })

const Token = Type.Optional(Type.String({
  description: 'With tokenSession: the bearer token to use from now on. Absent where the present one stays'
}))

const ConfigSchema = Type.Object({
  alg: Type.String(),
  codeLength: Type.Integer(),
  timeStep: Type.Integer(),
  skew: Type.Integer()
})

/** A factor. A session without an approval doesn't see the dates of verified factors. */
export const FactorSchema = Type.Object({
  sid: FactorSid,
  friendlyName: Type.String(),
  status: Type.Union([Type.Literal('unverified'), Type.Literal('verified')]),
  config: ConfigSchema,
  createdAt: Type.Optional(DateTime),
  verifiedAt: Type.Optional(nullable(DateTime)),
  lastUsedAt: Type.Optional(nullable(DateTime))
})

/** An approval. */
export const ApprovalSchema = Type.Object({
  method: Type.Union([Type.Literal('totp'), Type.Literal('recovery'), Type.Literal('pass')]),
  factorSid: nullable(FactorSid),
  at: DateTime,
  expiresAt: DateTime
})

/** Answer of `GET /factors`. */
export const FactorsSchema = Type.Object({
  factors: Type.Array(FactorSchema),
  approved: Type.Boolean(),
  approval: nullable(ApprovalSchema),
  recovery: nullable(Type.Object({ remaining: Type.Integer({ description: 'Recovery codes that are left' }) }))
})

/** Answer of `POST /factors`. */
export const EnrolledSchema = Type.Object({
  factor: FactorSchema,
  binding: Type.Object({
    secret: Type.String({ description: 'Base32, to type by hand. Shown only in this answer' }),
    uri: Type.String({ description: 'otpauth:// URI. Shown only in this answer' }),
    qr: Type.String({ description: 'QR code of the URI, as a data URI of an SVG or PNG. Shown only in this answer' })
  }),
  token: Token
})

/** Answer of `POST /factors/:sid/verify`. */
export const VerifiedSchema = Type.Object({
  factor: FactorSchema,
  approval: ApprovalSchema,
  recoveryCodes: Type.Optional(RecoveryCodes),
  token: Token
})

/** Answer of `PATCH /factors/:sid`. */
export const RenamedSchema = Type.Object({ factor: FactorSchema })

/** Answer of `POST /challenges`. */
export const ChallengedSchema = Type.Object({
  status: Type.Literal('approved'),
  approval: ApprovalSchema,
  reenroll: Type.Optional(Type.Literal(true, { description: 'The factor belongs to a former provider: enroll again now' })),
  token: Token
})

/** Answer of `POST /recovery`. */
export const RecoveredSchema = Type.Object({
  status: Type.Literal('approved'),
  approval: ApprovalSchema,
  remaining: Type.Integer({ description: 'Recovery codes that are left' }),
  token: Token
})

/** Answer of a `DELETE` that changed the mark of a session in a token; in every other case it is 204. */
export const TokenSchema = Type.Object({
  token: Type.String({ description: 'With tokenSession: the bearer token to use from now on' })
})

/** Answer of `POST /recovery-codes`. */
export const RecoveryCodesSchema = Type.Object({ recoveryCodes: RecoveryCodes })

/** Answer of `GET /browsers`. */
export const BrowsersSchema = Type.Object({
  browsers: Type.Array(Type.Object({
    sid: Type.String({ description: 'YB and 32 hex digits' }),
    name: Type.String({ description: 'Browser and system, such as "Firefox on Windows"' }),
    at: DateTime,
    expiresAt: DateTime,
    current: Type.Boolean({ description: 'Whether it is the browser that asks' })
  }))
})

/** An error as Fastify renders it. Open, because the host may have an error handler of its own. */
export const ErrorSchema = Type.Object({
  statusCode: Type.Optional(Type.Integer()),
  code: Type.Optional(Type.String()),
  error: Type.Optional(Type.String()),
  message: Type.Optional(Type.String())
}, { additionalProperties: true })

/** Body of `POST /factors`. */
export const EnrollBody = strict({
  friendlyName: Type.Optional(FriendlyName),
  qr: Type.Optional(Type.Union([Type.Literal('svg'), Type.Literal('png')], { description: 'Picture format; svg by default' }))
})

/** Body of `POST /factors/:sid/verify`. */
export const VerifyBody = strict({ code: Code })

/** Body of `PATCH /factors/:sid`. */
export const RenameBody = strict({ friendlyName: FriendlyName })

/** Body of `POST /challenges`. */
export const ChallengeBody = strict({
  code: Code,
  factorSid: Type.Optional(FactorSid),
  remember: Type.Optional(Type.Boolean({ description: 'Remember this browser; refused where that is off' }))
})

/** Body of `POST /recovery`. */
export const RecoverBody = strict({
  code: Type.String({ description: 'A recovery code or a pass; case, blanks and hyphens don\'t matter' })
})

/** Parameters of the routes of one factor. */
export const FactorParams = strict({ sid: Type.String({ description: 'The sid of a factor' }) })

/** Parameters of the route of one browser. */
export const BrowserParams = strict({
  sid: Type.String({
    pattern: '^(?:YB[0-9a-f]{32}|current)$',
    description: 'The sid of a remembered browser; current for the one that asks'
  })
})

/** No parameters, no query, no body. */
export const Nothing = strict({})

function strict<T extends Record<string, TSchema>> (properties: T) {
  return Type.Object(properties, { additionalProperties: false })
}

function nullable<T extends TSchema> (schema: T) {
  return Type.Union([schema, Type.Null()])
}
