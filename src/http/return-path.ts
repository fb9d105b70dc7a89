import { createKeyring } from '../seal.js'

/** A path of this site, and when a guard refused a request for it. */
export interface ReturnPath {
  readonly path: string
  /** Unix seconds. */
  readonly refusedAt: number
}

/** Signs the paths that guards refuse, so that pages go back to those and to no others. */
export interface ReturnPaths {
  /** The text that names a path to go back to; null for a path that none goes back to. */
  sign (returnPath: ReturnPath, identity: string): string | null
  /** The path in a text, if a guard signed it for this user; null otherwise. */
  read (text: unknown, identity: string): ReturnPath | null
}

/** Characters of a path as a form encodes it, which has to send it back in a body of 4 KiB. */
const LONGEST = 3072

/** Time, MAC and path. */
const SIGNED = /^(0|[1-9][0-9]{0,11})\.([\w-]{43})(\/.*)$/

/** Signs under keys derived from these. */
export function returnPathsUnder (keys: readonly Uint8Array[]): ReturnPaths {
  const keyring = createKeyring(keys, 'return paths')

  return {
    sign (returnPath, identity) {
      const { path, refusedAt } = returnPath
      if (!isPathOfSite(path)) return null
      const [mac] = keyring.tags(textOf(returnPath), { identity, factorSid: '' })
      return `${refusedAt}.${mac}${path}`
    },

    read (text, identity) {
      const [, time, mac = '', path = ''] = SIGNED.exec(String(text)) ?? []
      const returnPath = { path, refusedAt: Number(time) }
      const isSigned = keyring.isTag(mac, textOf(returnPath), { identity, factorSid: '' })
      return isSigned && isPathOfSite(path) ? returnPath : null
    }
  }
}

/** The path begins with a slash, so the text has one reading. */
function textOf ({ path, refusedAt }: ReturnPath): string {
  return `${refusedAt}${path}`
}

/**
 * True for a path and query in visible ASCII. Browsers read `//host` and `/\host` as another site, and drop
 * control characters before they look.
 */
function isPathOfSite (path: string): boolean {
  return /^\/(?![/\\])[!-~]*$/.test(path) && new URLSearchParams({ path }).toString().length <= LONGEST
}
