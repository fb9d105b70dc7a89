import {
  createCipheriv, createDecipheriv, createHash, createHmac, createSecretKey, hkdfSync, randomBytes,
  timingSafeEqual, type KeyObject
} from 'node:crypto'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
/**
 * Version of the sealed format, bound into every seal. Stored secrets depend on everything in this file: a
 * change of the format is a new version, which must open the seals of this one.
 */
const FORMAT = 1

/** The factor that a sealed secret belongs to. Moved to another one, the seal doesn't open. */
export interface SealContext {
  readonly identity: string
  readonly factorSid: string
}

/** A secret and the state of its seal. */
export interface Opened {
  readonly secret: Buffer
  /** True when the seal isn't under the first key, and should be renewed with the next write. */
  readonly stale: boolean
}

/** A seal doesn't open. The message says why, for the log. */
export class UnsealableError extends Error {
  override readonly name = 'UnsealableError'
}

/** Seals and opens secrets, and makes digests of codes, under the application's keys. */
export interface Keyring {
  /** Seals under the first key. */
  seal (secret: Uint8Array, context: SealContext): string
  /**
   * Opens a seal under any key. Throws `UnsealableError` for an unknown key, another factor, or tampering.
   */
  open (sealed: string, context: SealContext): Opened
  /**
   * Digests of a code, one for each key, the first key's first. A match with any of them recognizes the code.
   */
  digests (code: string, context: SealContext): readonly [string, ...string[]]
  /** Tags that tie a text to an identity and a factor, one for each key, the first key's first. */
  tags (text: string, context: SealContext): readonly [string, ...string[]]
  /** True for one of the tags of a text, compared in constant time. */
  isTag (given: string, text: string, context: SealContext): boolean
}

interface SealingKey {
  readonly id: string
  readonly key: KeyObject
  readonly digestKey: KeyObject
  readonly tagKey: KeyObject
}

/** What a keyring is for. Under other keys, nothing of one is anything to another. */
export type KeyringUse = 'entities' | 'enrollment pages' | 'return paths'

/**
 * A keyring of keys of 32 bytes each. A key's id is a hash of the key, not its position, so keys can be put
 * in any order. A key is never used itself: for each use, another one is derived from it under its own HKDF
 * label.
 */
export function createKeyring (keys: readonly Uint8Array[], use: KeyringUse = 'entities'): Keyring {
  const [first, ...others] = keys.map(key => sealingKey(key, use === 'entities' ? '' : `${use} `))
  if (first === undefined) throw new TypeError('a keyring needs a key')
  const byId = new Map([first, ...others].map(key => [key.id, key]))

  return {
    seal (secret, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(CIPHER, first.key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(additionalData(context, first.id))
      const text = Buffer.concat([cipher.update(secret), cipher.final()])
      return [first.id, base64url(nonce), base64url(Buffer.concat([text, cipher.getAuthTag()]))].join('.')
    },

    open (sealed, context) {
      const [id = '', nonce = '', box = '', ...more] = sealed.split('.')
      const key = byId.get(id)
      if (key === undefined) throw new UnsealableError('a secret is sealed under a key that is not among "keys"')
      try {
        const [iv, bytes] = [bytesOf(nonce), bytesOf(box)]
        if (more.length > 0 || iv.length !== NONCE_BYTES) throw new Error('another form')
        const decipher = createDecipheriv(CIPHER, key.key, iv, { authTagLength: TAG_BYTES })
          .setAAD(additionalData(context, id))
          .setAuthTag(bytes.subarray(-TAG_BYTES))
        const secret = decipher.update(bytes.subarray(0, -TAG_BYTES))
        decipher.final()
        return { secret, stale: key !== first }
      } catch {
        throw new UnsealableError('a sealed secret was tampered with, or belongs to another factor')
      }
    },

    digests (code, context) {
      const digest = ({ digestKey }: SealingKey) => mac(digestKey, code, context)
      return [digest(first), ...others.map(digest)]
    },

    tags (text, context) {
      const tag = ({ tagKey }: SealingKey) => mac(tagKey, text, context)
      return [tag(first), ...others.map(tag)]
    },

    isTag (given, text, context) {
      const bytes = Buffer.from(given)
      return this.tags(text, context).map(own => Buffer.from(own))
        .filter(own => own.length === bytes.length && timingSafeEqual(own, bytes)).length > 0
    }
  }
}

function sealingKey (key: Uint8Array, purpose: string): SealingKey {
  const id = createHash('sha256').update('fastify-verify-totp key id').update(key).digest().subarray(0, 8)
  const derived = (use: string) =>
    createSecretKey(Buffer.from(hkdfSync('sha256', key, '', `fastify-verify-totp ${purpose}${use}`, 32)))
  return { id: base64url(id), key: derived('seal'), digestKey: derived('digest'), tagKey: derived('tag') }
}

function mac (key: KeyObject, text: string, { identity, factorSid }: SealContext): string {
  return base64url(createHmac('sha256', key).update(JSON.stringify([FORMAT, identity, factorSid, text])).digest())
}

function additionalData ({ identity, factorSid }: SealContext, keyId: string): Buffer {
  return Buffer.from(JSON.stringify([FORMAT, identity, factorSid, keyId]))
}

function base64url (bytes: Buffer): string {
  return bytes.toString('base64url')
}

/** Decodes the one spelling of these bytes. Throws for any other, which Node would decode as well. */
function bytesOf (text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url')
  if (base64url(bytes) !== text) throw new Error('another spelling')
  return bytes
}
