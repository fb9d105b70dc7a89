import { hash, randomBytes } from 'node:crypto'
import { isWithin } from '../time/age.js'
import { MAX_BROWSERS, newSid, type Entity, type StoredBrowser } from './entity.js'

/** The longest that a browser may be remembered, in seconds: 90 days. */
export const LONGEST_REMEMBERED = 90 * 86_400

/** Tokens that one browser keeps: as many users of one machine keep theirs. */
export const MAX_TOKENS = 8

/** A remembered browser, without the hash that proves it. */
export interface RememberedBrowser {
  /** `YB` and 32 hex digits. */
  readonly sid: string
  /** Browser and system, such as `Firefox on Windows`: words of this package, never of a header. */
  readonly name: string
  /** When the challenge was approved that created it, in Unix seconds. */
  readonly at: number
  /** When it ends at the latest, in Unix seconds; a removed factor, recovery or `revoke` ends it earlier. */
  readonly expiresAt: number
  /** Whether it is the browser that asks. */
  readonly current: boolean
}

const TOKEN_PATTERN = /^[A-Za-z0-9_-]{43}$/

/** True for a value that can be the token of a browser. */
export function isToken (value: unknown): value is string {
  return typeof value === 'string' && TOKEN_PATTERN.test(value)
}

/** A new token: 256 random bits that only the browser holds. */
function newToken (): string {
  return randomBytes(32).toString('base64url')
}

/** The hash that an entity keeps in place of a token. Tokens of other identities never match it. */
function browserHash (entitySid: string, token: string): string {
  return hash('sha256', `fastify-verify-totp browser\n${entitySid}\n${token}`, 'base64url')
}

/** True while a browser counts: same generation, a factor is left, neither too old nor in the future. */
export function isRemembered (
  { generation, factors }: Entity, browser: StoredBrowser, life: number, now: number
): boolean {
  return browser.generation === generation && factors.length > 0 &&
    life > 0 && isWithin(life, browser.at, now)
}

/** The browsers that count, the latest one first. */
export function rememberedBrowsers (entity: Entity, life: number, now: number): StoredBrowser[] {
  return entity.browsers.filter(browser => isRemembered(entity, browser, life, now)).reverse()
}

/** The browser of one of these tokens that counts, the latest one; null if there is none. */
export function browserOf (
  entity: Entity, tokens: readonly string[], life: number, now: number
): StoredBrowser | null {
  if (tokens.length === 0 || entity.browsers.length === 0) return null
  const own = ownHashes(entity, tokens)
  return entity.browsers.findLast(browser =>
    own.has(browser.hash) && isRemembered(entity, browser, life, now)) ?? null
}

/** The browsers of these tokens, whether they count or not. */
export function browsersWith (entity: Entity, tokens: readonly string[]): StoredBrowser[] {
  const own = ownHashes(entity, tokens)
  return entity.browsers.filter(({ hash }) => own.has(hash))
}

/** A browser that was just remembered. */
export interface Remembered {
  readonly entity: Entity
  /** The tokens that the browser keeps from now on, the new one first. */
  readonly tokens: readonly string[]
}

/**
 * Remembers the browser that holds these tokens, in the place of what was remembered about it before: it
 * gets a new token, because the old one may be in a copy of its cookie.
 */
export function remember (
  entity: Entity, tokens: readonly string[], { name, approval, at }: Pick<StoredBrowser, 'name' | 'approval' | 'at'>
): Remembered {
  const forgotten = forget(entity, browsersWith(entity, tokens), tokens)
  const token = newToken()
  const { sid, generation, browsers } = forgotten.entity
  const browser = { sid: newSid('YB'), hash: browserHash(sid, token), name, approval, at, generation }
  return {
    entity: { ...forgotten.entity, browsers: [...browsers, browser].slice(-MAX_BROWSERS) },
    tokens: [token, ...forgotten.tokens].slice(0, MAX_TOKENS)
  }
}

/** Forgets these browsers. The tokens of the asking browser stay, unless they belong to one of them. */
export function forget (
  entity: Entity, browsers: readonly StoredBrowser[], tokens: readonly string[]
): Remembered {
  const hashes = new Set(browsers.map(({ hash }) => hash))
  return {
    entity: { ...entity, browsers: entity.browsers.filter(({ hash }) => !hashes.has(hash)) },
    tokens: tokens.filter(token => !hashes.has(browserHash(entity.sid, token)))
  }
}

/** The browser without the hash that proves it. */
export function publicBrowser (
  { sid, name, at }: StoredBrowser, life: number, current: boolean
): RememberedBrowser {
  return { sid, name, at, expiresAt: at + life, current }
}

function ownHashes ({ sid }: Entity, tokens: readonly string[]): ReadonlySet<string> {
  return new Set(tokens.map(token => browserHash(sid, token)))
}
