import { TotpError } from '../errors.js'

const KINDS = {
  notJson: [400, 'FST_ERR_CTP_INVALID_JSON_BODY', 'Body is not valid JSON but content-type is set to \'application/json\''],
  endedEarly: [400, 'FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'Request body size did not match Content-Length'],
  tooLarge: [413, 'FST_ERR_CTP_BODY_TOO_LARGE', 'Request body is too large'],
  unsupported: [415, 'FST_ERR_CTP_INVALID_MEDIA_TYPE', 'Unsupported Media Type'],
  badPath: [400, 'FST_ERR_BAD_URL', 'The path is not well-formed']
} as const

/** A request that no endpoint can read, in the words that Fastify has for it: clients know one API. */
export class UnreadableError extends TotpError {
  readonly code: string
  constructor (kind: keyof typeof KINDS) {
    const [status, code, message] = KINDS[kind]
    super(status, message)
    this.code = code
  }
}
