import { keyUri } from '../src/otp/key-uri.js'
import { encodeSecret } from '../src/otp/secret.js'

const config = { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 } as const
/** A URI as most are. */
export const URI = keyUri({ issuer: 'ACME Co', account: 'john@ex.com', secret: encodeSecret(Buffer.alloc(20, 'seed')), config })
/** The longest one that an enrollment makes. */
export const LONGEST = keyUri({
  issuer: '🔒'.repeat(64),
  account: '🔑'.repeat(64),
  secret: encodeSecret(Buffer.alloc(128, 'seed')),
  config: { ...config, alg: 'sha512', codeLength: 8 }
})

/** What is in a data URI of a type. */
export function bytesOf (uri: string, type: string): Buffer {
  const prefix = `data:${type};base64,`
  if (!uri.startsWith(prefix)) throw new Error('not a data URI of this type')
  return Buffer.from(uri.slice(prefix.length), 'base64')
}
