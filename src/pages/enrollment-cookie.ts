import type { Headers } from '../http/cross-site.js'
import { createKeyring, type SealContext } from '../seal.js'
import { cookieHeader, cookieIn, dropHeader } from './cookies.js'

/** Seconds that an enrollment takes at most. */
const LIFE = 600

/** Stands between the factor's sid and the seal; neither has it. */
const SEPARATOR = '~'

/** What the user scans or types. */
export interface Binding {
  /** Base32. */
  readonly secret: string
  readonly uri: string
}

/** The enrollment that a binding belongs to. Nothing else opens it. */
export interface EnrollmentOwner {
  readonly identity: string
  /** The mark of the session that began the enrollment. */
  readonly mark: string | null
  readonly sid: string
}

/**
 * Keeps the binding of an unverified factor in the browser that enrolled it, sealed, so that the page can be
 * reloaded. The entity has no secret in the clear.
 */
export interface EnrollmentCookie {
  readonly name: string
  /** The binding of this enrollment, if the browser has it. */
  read (headers: Headers, owner: EnrollmentOwner): Binding | null
  /** The header that gives the browser the binding. */
  headerFor (binding: Binding, owner: EnrollmentOwner): string
  /** The same binding for the session's new mark; null if the browser has none of this session. */
  resealedFor (
    headers: Headers, owner: Omit<EnrollmentOwner, 'sid'>, mark: string
  ): string | null
  /** The header that takes the binding from the browser. */
  readonly dropped: string
}

/** The cookie of the instance of this name, sealed under keys derived from these. */
export function enrollmentCookie (
  { name: instance, keys, insecure }:
  { readonly name: string, readonly keys: readonly Uint8Array[], readonly insecure: boolean }
): EnrollmentCookie {
  const keyring = createKeyring(keys, 'enrollment pages')
  // With this prefix, browsers take the cookie only from this host and over HTTPS, never from a subdomain.
  const name = `${insecure ? '' : '__Host-'}${instance}-enrolling`
  // Lax, so that the user can come back by a link in another page or app.
  const rules = { name, path: '/', maxAge: LIFE, sameSite: 'Lax', insecure } as const

  function headerFor ({ secret, uri }: Binding, owner: EnrollmentOwner): string {
    const sealed = keyring.seal(Buffer.from(JSON.stringify([secret, uri])), contextOf(owner))
    return cookieHeader(rules, owner.sid + SEPARATOR + sealed)
  }

  function read (headers: Headers, owner: EnrollmentOwner): Binding | null {
    const [sid, sealed = ''] = cookieIn(headers, name)?.split(SEPARATOR) ?? []
    if (sid !== owner.sid) return null
    try {
      const [secret, uri] = JSON.parse(keyring.open(sealed, contextOf(owner)).secret.toString())
      return { secret, uri }
    } catch {
      // It belongs to an earlier enrollment, another session or another user of this browser.
      return null
    }
  }

  return {
    name,
    read,
    headerFor,
    dropped: dropHeader(rules),

    resealedFor (headers, owner, mark) {
      const [sid = ''] = cookieIn(headers, name)?.split(SEPARATOR) ?? []
      const binding = read(headers, { ...owner, sid })
      return binding && headerFor(binding, { ...owner, sid, mark })
    }
  }
}

function contextOf ({ identity, mark, sid }: EnrollmentOwner): SealContext {
  return { identity, factorSid: JSON.stringify([sid, mark]) }
}
