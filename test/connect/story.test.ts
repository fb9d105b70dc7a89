import t from 'tap'
import { asking, secondFactor } from './factor.js'
import { KINDS, serve } from './server.js'

for (const kind of KINDS) {
  t.test(`a user with bearer tokens enrolls, opens the vault, logs out and in, and answers a challenge on ${kind}`, async t => {
    const factor = secondFactor()
    const { totp, sessions, login, now, wait } = factor
    const served = await serve(t, kind, host => {
      host.use(totp.routes())
      host.route('/logout', async (request, response) => {
        await totp.forget(request, response)
        sessions.delete(request.headers.authorization ?? '')
        response.end()
      })
      host.route('/vault', totp.required(), (request, response) => response.end(request.totp?.factorSid))
    })
    const first = login('alice')
    const vault = async (headers: typeof first) => await served.ask({ path: '/vault', headers })
    t.match(await vault(first), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
    const { sid, code } = await factor.enroll(served, first)
    t.match(await vault(first), { status: 200, text: sid })
    const old = sessions.get(first.authorization)
    t.equal((await served.ask({ path: '/logout', headers: first })).status, 200)
    t.match(await vault(first), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })

    const second = login('alice')
    t.match(await vault(second), { status: 401, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
    t.match(await served.ask(asking('/totp/challenges', second, { code: code(now()) })),
      { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }, 'the code that verified the factor is spent')
    wait(30)
    t.match(await served.ask(asking('/totp/challenges', second, { code: code(now()) })), { status: 200 })
    t.match(await vault(second), { status: 200, text: sid })

    t.ok(old)
    if (old !== undefined) sessions.set(first.authorization, old)
    t.match(await vault(first), { status: 401, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }, 'a token that comes back is not approved')
  })
}
