import type { FastifySessionOptions } from '@fastify/session'
import t, { type Test } from 'tap'
import { browserPage } from '../example/browser.js'
import { lacking } from '../example/programs.js'
import { site } from '../site.js'
import { times } from '../thoroughness.js'

/* What a real browser makes of the cookies, when requests cross an approval. */

const skip = lacking('chromium')
const ROUNDS = times(100, 5)

for (const rolling of [false, true]) {
  t.test(`no approval logs a user of Chromium out, rolling ${rolling}`, { skip, timeout: 300_000 }, async t => {
    const { url, code } = await served(t, rolling)
    const { page } = await browserPage(t)
    await page.goto(url)
    const outcomes = []
    for (let round = 0; round < ROUNDS; round++) {
      outcomes.push(await page.evaluate(async code => {
        const post = async (url: string, body: object) => await fetch(url, {
          method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body)
        })
        await post('/login', { username: 'alice' })
        const slow = fetch('/slow')
        const polls: Array<Promise<unknown>> = []
        const timer = setInterval(() => polls.push(fetch('/public')), 20)
        const both = await Promise.all([post('/totp/challenges', { code }), post('/totp/challenges', { code })])
        await slow
        await new Promise(resolve => setTimeout(resolve, 40))
        clearInterval(timer)
        await Promise.all(polls)
        return { approved: both.filter(({ ok }) => ok).length, vault: (await fetch('/vault')).status }
      }, code()))
    }
    t.strictSame(outcomes, Array.from({ length: ROUNDS }, () => ({ approved: 1, vault: 200 })))
  })
}

/** A site that listens, with the factor of a user. */
async function served (t: Test, rolling: boolean) {
  const built = await site(t, {
    session: { rolling, store: slowSessions() },
    routes (app) {
      app.get('/', async (_request, reply) => await reply.type('text/html').send('<title>Acme</title>'))
      app.get('/public', async request => {
        request.session.set('visits', (request.session.get('visits') ?? 0) + 1)
        return {}
      })
      app.get('/slow', async request => {
        await new Promise(resolve => setTimeout(resolve, 60))
        request.session.set('visits', 0)
        return {}
      })
    }
  })
  const factor = await (await built.login('alice')).enrollVerified(built.now())
  const url = await built.app.listen({ port: 0 })
  return {
    ...built,
    url,
    code () {
      built.wait(30)
      return factor.code(built.now())
    }
  }
}

/** Sessions in a store that takes its time, as a database does. */
function slowSessions (): NonNullable<FastifySessionOptions['store']> {
  const kept = new Map<string, string>()
  const later = (done: () => void) => { setTimeout(done, 1) }
  return {
    get: (id, done) => later(() => done(null, JSON.parse(kept.get(id) ?? 'null'))),
    set (id, session, done) {
      const text = JSON.stringify(session)
      later(() => {
        kept.set(id, text)
        done()
      })
    },
    destroy: (id, done) => later(() => {
      kept.delete(id)
      done()
    })
  }
}
