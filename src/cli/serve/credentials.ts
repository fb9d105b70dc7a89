import { randomBytes } from 'node:crypto'
import { jitter } from '../../back-off.js'
import { systemClock } from '../../clock.js'
import { fits, integer, orNull, record, text, type Fitting } from '../../entity/shape.js'
import { createKeyring, type Opened } from '../../seal.js'
import { documentsIn, type Documents } from '../../stores/documents.js'
import type { Store } from '../../stores/store.js'
import { StartError } from '../failure.js'

/** What clients need to use the server. */
export interface Credentials {
  readonly accountSid: string
  readonly authToken: string
  /** The service that is made for the first client; null until there is one. */
  readonly serviceSid: string | null
}

/** The credentials of a storage: all processes that use it have the same. */
export interface KeptCredentials {
  /** Those that are kept, or at the first start new ones. */
  read (): Promise<Credentials>
  /**
   * Keeps `next` in the place of the service `present`, unless another process was faster. Resolves the
   * service that is kept then.
   */
  replaceService (present: string | null, next: string): Promise<string>
}

const CredentialsShape = record({
  revision: integer(0, Number.MAX_SAFE_INTEGER),
  accountSid: text(/^AC[0-9a-f]{32}$/),
  sealedToken: text(/^.{0,512}$/s),
  serviceSid: orNull(text(/^VA[0-9a-f]{32}$/))
})

/** Credentials as they are kept; who reads a database, or a copy of it, doesn't learn the token. */
export interface CredentialsDocument extends Fitting<typeof CredentialsShape> {}

const KEY = 'credentials'
/** Bound into the seal of the token, where those of secrets have an identity and a factor. */
const CONTEXT = { identity: KEY, factorSid: 'auth token' }
/** Seconds that the start waits for the store. */
const TIMEOUT = 5

/** The credentials in a store, the token sealed under the first of the keys. */
export function credentialsIn (
  store: Store<CredentialsDocument>, keys: readonly Uint8Array[]
): KeptCredentials {
  const keyring = createKeyring(keys)
  const documents: Documents<CredentialsDocument> = documentsIn({
    store, check, clock: systemClock, timeout: TIMEOUT, backOff: jitter
  })
  const seal = (token: Uint8Array) => keyring.seal(token, CONTEXT)

  function open (document: CredentialsDocument): Opened {
    try {
      return keyring.open(document.sealedToken, CONTEXT)
    } catch {
      throw new StartError(OTHER_KEY)
    }
  }

  return {
    async read () {
      return await documents.change<Credentials>(KEY, document => {
        if (document === null) {
          const [accountSid, authToken] = [`AC${randomHex(16)}`, randomHex(32)]
          const sealedToken = seal(Buffer.from(authToken))
          return {
            next: { revision: 0, accountSid, sealedToken, serviceSid: null },
            answer: { accountSid, authToken, serviceSid: null }
          }
        }
        const { accountSid, serviceSid } = document
        const { secret, stale } = open(document)
        const answer = { accountSid, authToken: secret.toString(), serviceSid }
        return stale ? { next: { ...document, sealedToken: seal(secret) }, answer } : { answer }
      })
    },

    async replaceService (present, next) {
      return await documents.change(KEY, document => {
        if (document === null) throw new StartError('the credentials were deleted while the server started')
        const { serviceSid } = document
        if (serviceSid !== null && serviceSid !== present) return { answer: serviceSid }
        return { next: { ...document, serviceSid: next }, answer: next }
      })
    }
  }
}

const OTHER_KEY = 'what is kept was sealed under another key: start with the data directory in which it was ' +
  'made at the first start, or with that key among TOTP_KEYS'

function check (_key: string, stored: unknown): CredentialsDocument {
  if (!fits(CredentialsShape, stored)) throw new StartError('the credentials that are kept have a form that this version doesn\'t know')
  return stored
}

function randomHex (bytes: number): string {
  return randomBytes(bytes).toString('hex')
}
