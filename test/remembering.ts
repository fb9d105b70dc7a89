import assert from 'node:assert/strict'
import { site, type Site, type SiteOptions } from './site.js'
import type { Enrolled, Response, Visitor } from './visitor.js'

/** Seconds that sites here remember a browser. */
export const REMEMBERED_FOR = 30 * 86_400
export const COOKIE = '__Host-totp-browser'

/** A site that remembers browsers. */
export async function rememberingSite (
  t: { after (fn: () => Promise<void>): void }, options: SiteOptions = {}
): Promise<Site> {
  return await site(t, { ...options, totp: { remember: { for: REMEMBERED_FOR }, ...options.totp } })
}

/** Answers a challenge with the code of now, and asks to be remembered. */
export async function challengeToRemember (
  person: Visitor, phone: Enrolled, now: number, userAgent = 'Firefox/145.0 (X11; Linux)'
): Promise<Response> {
  return await person.request('POST', '/totp/challenges', { code: phone.code(now), remember: true },
    { 'user-agent': userAgent })
}

/** Alice's phone, and her browser, which is remembered and approved. */
export async function rememberedAlice (
  { login, now, wait }: Site
): Promise<{ readonly alice: Visitor, readonly phone: Enrolled }> {
  const alice = await login('alice')
  const phone = await alice.enrollVerified(now())
  wait(30)
  const answer = await challengeToRemember(alice, phone, now())
  assert.equal(answer.status, 200, answer.text)
  wait(30)
  return { alice, phone }
}

/** The tokens that a browser has. */
export function tokensOf (person: Visitor): string[] {
  return (person.cookies.get(COOKIE) ?? '').split('.').filter(token => token !== '')
}

/** The cookies of an answer, without those of the session. */
export function browserCookiesOf ({ headers }: Response): string[] {
  return [headers['set-cookie'] ?? []].flat().map(String).filter(cookie => cookie.startsWith(COOKIE))
}

/** The same browser, logged in again: the session is new, and the other cookies are there. */
export async function logInAgain (person: Visitor, username: string): Promise<void> {
  const answer = await person.post('/login', { username })
  assert.equal(answer.status, 200, answer.text)
}
