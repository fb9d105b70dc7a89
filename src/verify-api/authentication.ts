import { createHash, timingSafeEqual } from 'node:crypto'
import type { VerifyApiSettings } from './options.js'

/** The header that goes with 401. */
export const CHALLENGE: Readonly<Record<string, string>> = { 'www-authenticate': 'Basic realm="Twilio API"' }

/** True for an `authorization` header that has the account's credentials. */
export type Authenticate = (authorization: string | undefined) => boolean

/**
 * Knows the account by its auth token, or one of its API keys. All pairs are compared, by hash, whatever
 * matches: the time taken tells neither which of them it was nor how much of it was right.
 */
export function authentication (
  { accountSid, authToken, apiKeys }: Pick<VerifyApiSettings, 'accountSid' | 'authToken' | 'apiKeys'>
): Authenticate {
  const pairs = [[accountSid, authToken], ...apiKeys.map(({ sid, secret }) => [sid, secret])]
  const known = pairs.map(pair => hashOf(Buffer.from(pair.join(':'))))

  return authorization => {
    const [, credentials = ''] = /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(authorization ?? '') ?? []
    const hash = hashOf(Buffer.from(credentials, 'base64'))
    return known.filter(each => timingSafeEqual(each, hash)).length > 0
  }
}

function hashOf (bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
