import { createHash, timingSafeEqual } from 'node:crypto'
import type { VerifyApiSettings } from './options.js'

/** The header of every 401. */
export const AUTHENTICATE_HEADER: Readonly<Record<string, string>> = {
  'www-authenticate': 'Basic realm="Twilio API"'
}

/** True for an `authorization` header with valid credentials of the account. */
export type CredentialCheck = (authorization: string | undefined) => boolean

/**
 * Accepts the auth token of the account and its API keys. Every request is compared with all of them, hash by
 * hash, so the response time reveals neither which one matched nor how close a wrong one came.
 */
export function credentialCheck (
  { accountSid, authToken, apiKeys }: Pick<VerifyApiSettings, 'accountSid' | 'authToken' | 'apiKeys'>
): CredentialCheck {
  const pairs = [[accountSid, authToken], ...apiKeys.map(({ sid, secret }) => [sid, secret])]
  const valid = pairs.map(pair => hashOf(Buffer.from(pair.join(':'))))

  return authorization => {
    const [, credentials = ''] = /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(authorization ?? '') ?? []
    const hash = hashOf(Buffer.from(credentials, 'base64'))
    return valid.filter(each => timingSafeEqual(each, hash)).length > 0
  }
}

function hashOf (bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
