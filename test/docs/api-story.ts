import type { Test } from 'tap'
import { enrolled, next, type Ask } from './running-server.js'

/** The story of one user of an app with bearer tokens: log in, enroll, refresh, log in again, log out. */
export async function tellApiStory (t: Test, ask: Ask): Promise<void> {
  const required = { status: 401, json: { code: 'ERR_TOTP_CHALLENGE_REQUIRED' } }
  t.match(await ask('GET', '/vault'), { status: 401, json: { code: 'ERR_TOTP_UNIDENTIFIED' } })
  const { json: { refreshToken } } = await ask('POST', '/login', { username: 'alice' })
  t.match(await ask('GET', '/vault'), { status: 403, json: { code: 'ERR_TOTP_NOT_ENROLLED' } })
  const phone = await enrolled(ask)
  t.match(await ask('GET', '/vault'), { status: 200 })
  t.match(await ask('POST', '/refresh', { refreshToken }), { status: 200, json: { token: String } })
  t.match(await ask('GET', '/vault'), { status: 200 }, 'a refreshed token keeps its approval')

  const again = await ask('POST', '/login', { username: 'alice' })
  const refused = await ask('GET', '/vault')
  t.match(refused, required)
  t.match(refused.headers.get('www-authenticate'), /^Bearer error="insufficient_user_authentication".*max_age="43200"/)
  t.match(await ask('POST', '/totp/challenges', { code: phone.code(next()) }), { status: 200, json: { token: String } })
  t.match(await ask('GET', '/vault'), { status: 200 })
  t.match(await ask('POST', '/logout', { refreshToken: again.json.refreshToken }), { status: 204 })
  t.match(await ask('GET', '/vault'), required, 'what is left of the token is a first factor')
}
