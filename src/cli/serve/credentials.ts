import { randomBytes } from 'node:crypto'
import { jitter } from '../../time/back-off.js'
import { systemClock } from '../../time/clock.js'
import { fits, integer, orNull, record, text, type Fitting } from '../../shape.js'
import { createKeyring, type Opened } from '../../seal.js'
import { documentsIn, type Documents } from '../../documents/documents.js'
import type { Store } from '../../documents/store.js'
import { CommandError } from '../failure.js'

/** What clients need to use the server. */
export interface Credentials {
  readonly accountSid: string
  readonly authToken: string
  /** The service created for the first client; null until it is created. */
  readonly serviceSid: string | null
}

/** The credentials in a store. All processes on the store share them. */
export interface StoredCredentials {
  /** Reads the credentials. The first call creates them. */
  readOrCreate (): Promise<Credentials>
  /**
   * Replaces the service `present` by `next`, unless another process has replaced it already. Resolves to the
   * service that is stored afterwards.
   */
  replaceService (present: string | null, next: string): Promise<string>
}

const CredentialsShape = record({
  revision: integer(0, Number.MAX_SAFE_INTEGER),
  accountSid: text(/^AC[0-9a-f]{32}$/),
  sealedToken: text(/^.{0,512}$/s),
  serviceSid: orNull(text(/^VA[0-9a-f]{32}$/))
})

/**
 * The document of the credentials. The token in it is sealed, so a copy of the database doesn't reveal it.
 */
export interface CredentialsDocument extends Fitting<typeof CredentialsShape> {}

const KEY = 'credentials'
/** The seal of the token is bound to this in place of an identity and a factor. */
const CONTEXT = { identity: KEY, factorSid: 'auth token' }
/** Seconds after which the start stops waiting for the store. */
const TIMEOUT = 5

const OTHER_KEY = 'the stored credentials were sealed with another key: use the data directory of the first start, ' +
  'or put its key into TOTP_KEYS'

/** The credentials in a store, their token sealed with the first key. */
export function credentialsIn (
  store: Store<CredentialsDocument>, keys: readonly Uint8Array[]
): StoredCredentials {
  const keyring = createKeyring(keys)
  const documents: Documents<CredentialsDocument> = documentsIn({
    store, check, clock: systemClock, timeout: TIMEOUT, backOff: jitter
  })
  const seal = (token: Uint8Array) => keyring.seal(token, CONTEXT)

  function open (document: CredentialsDocument): Opened {
    try {
      return keyring.open(document.sealedToken, CONTEXT)
    } catch {
      throw new CommandError(OTHER_KEY)
    }
  }

  return {
    async readOrCreate () {
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
        if (document === null) {
          throw new CommandError('the credentials were deleted while the server started: start it again')
        }
        const { serviceSid } = document
        if (serviceSid !== null && serviceSid !== present) return { answer: serviceSid }
        return { next: { ...document, serviceSid: next }, answer: next }
      })
    }
  }
}

function check (_key: string, stored: unknown): CredentialsDocument {
  if (fits(CredentialsShape, stored)) return stored
  throw new CommandError('the stored credentials have a format that this version doesn\'t know: use the version ' +
    'that wrote them')
}

function randomHex (bytes: number): string {
  return randomBytes(bytes).toString('hex')
}
