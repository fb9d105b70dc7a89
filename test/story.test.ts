import t from 'tap'
import { site } from './site.js'

t.test('a user logs in, enrolls, opens the vault, logs out and in, and answers a challenge', async t => {
  const { login, now, wait } = await site(t)
  const alice = await login('alice')
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  const factor = await alice.enrollVerified(now())
  t.match((await alice.vault()).json(), { vault: 'gold', approval: { factorSid: factor.sid } })
  await alice.post('/logout')
  t.match(await alice.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })

  await alice.post('/login', { username: 'alice' })
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await alice.challenge(factor.code(now())), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' },
    'the code that verified the factor is spent')
  wait(30)
  t.match(await alice.challenge(factor.code(now())), { status: 200 })
  t.match(await alice.vault(), { status: 200 })
})
