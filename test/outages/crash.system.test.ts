import assert from 'node:assert/strict'
import t from 'tap'
import { authenticator, type Authenticator } from '../authenticator.js'
import type { ExampleServer } from '../example/example-server.js'
import type { Answer, Guest } from '../example/guest.js'
import { kinds } from './database.js'
import { outage, REQUIRED, repeated, UNAVAILABLE } from './outage.js'

t.jobs = 2

/** Answers after which the database is killed. */
const ENOUGH = 120
const AT_ONCE = 6

/** What somebody was told, up to the first request that came to nothing. */
interface Story {
  readonly identity: string
  readonly guest: Guest
  /** Whether it is to end with the removal of the factor. */
  readonly removes: boolean
  phone: Authenticator & { readonly sid: string } | null
  isVerified: boolean
  /** Codes that were right. */
  readonly spent: string[]
  /** Wrong codes in a row. */
  denied: number
  removal: 'none' | 'asked' | 'told'
}

for (const kind of kinds) {
  const options = { buffered: true, timeout: 200_000, skip: kind.lacking }
  t.test(`${kind.name} that is killed in a burst keeps what was acknowledged`, options, async t => {
    const database = await kind.open(t)
    const { person, server, recovered } = await outage(t, kind, database)
    const { approved, unapproved, code, sameCode } = await person('alice')
    let told = 0
    let down: Promise<void> | null = null

    /** Counts the answers, and kills the database in time. True for one that is an acknowledgement. */
    function heard ({ status, code }: Answer, ...expected: Array<number | string>): boolean {
      if (++told === ENOUGH) down = database.kill()
      if (status === 503) return false
      assert.ok(expected.includes(status) || expected.includes(code ?? ''), `${status} ${code}`)
      return true
    }

    async function lives (name: string): Promise<Story[]> {
      const stories: Story[] = []
      for (let i = 0; ; i++) {
        const story = begun(`${name} ${i}`, server.guest(), i % 2 === 1)
        stories.push(story)
        if (!await isToldToEnd(story, server, heard)) return stories
      }
    }

    const stories = (await Promise.all(Array.from({ length: AT_ONCE }, async (_, i) => await lives(`bob ${i}`)))).flat()
    await down

    await t.test('lets nobody pass as long as it is away', async t => {
      const right = code()
      const asked = [approved.vault(), unapproved.vault(), unapproved.challenge(right), server.guest().login('carol')]
      for (const answer of await Promise.all(asked)) t.match(answer, UNAVAILABLE)
      t.match(await server.guest().request('GET', '/healthz'), { status: 200 })
      await database.start()
      t.match(await repeated(approved.vault), { status: 200 })
      await recovered()
      t.match(await unapproved.vault(), REQUIRED)
      t.match(await unapproved.challenge(sameCode()), { status: 200 })
    })

    await t.test('has all that it has said', async t => {
      t.ok(stories.some(({ removal }) => removal === 'told'))
      for (const story of stories) {
        const { identity, phone, isVerified, spent, denied, removal } = story
        const entity = await database.store.get(`identity:${identity}`)
        const isThere = entity?.factors.some(({ sid }) => sid === phone?.sid) ?? false
        if (removal === 'told') t.notOk(isThere, `the factor of ${identity} is removed`)
        if (removal !== 'none' || !isVerified || phone === null) continue
        t.ok(isThere, `the factor of ${identity} is verified`)
        const failures = entity?.attempts.failures ?? 0
        t.ok(denied <= failures && failures <= denied + 1, `${denied} wrong codes of ${identity} are counted`)
        t.match(await story.guest.vault(), { status: 200 }, `${identity} is approved`)
        const again = await server.login(identity)
        for (const code of spent) t.match(await again.challenge(code), { code: 'ERR_TOTP_CHALLENGE_DENIED' })
        t.match(await again.vault(), REQUIRED)
      }
    })
  })
}

function begun (identity: string, guest: Guest, removes: boolean): Story {
  return { identity, guest, removes, phone: null, isVerified: false, spent: [], denied: 0, removal: 'none' }
}

/** A life with a second factor. False when it ended early, because something came to nothing. */
async function isToldToEnd (
  story: Story, server: ExampleServer, heard: (answer: Answer, ...expected: Array<number | string>) => boolean
): Promise<boolean> {
  const { identity, guest, removes, spent } = story
  if (!heard(await guest.login(identity), 200)) return false
  const enrolled = await guest.request('POST', '/totp/factors', {})
  if (!heard(enrolled, 201)) return false
  const { factor, binding } = enrolled.json()
  const phone = { sid: String(factor.sid), ...authenticator(binding.secret) }
  story.phone = phone
  const path = `/totp/factors/${phone.sid}`

  const first = phone.code(server.now())
  if (!heard(await guest.request('POST', `${path}/verify`, { code: first }), 200)) return false
  story.isVerified = true
  spent.push(first)
  for (let wrong = 1; wrong <= 2; wrong++) {
    if (!heard(await guest.challenge(phone.wrongCode(server.now())), 'ERR_TOTP_CHALLENGE_DENIED')) return false
    story.denied++
  }
  const stranger = server.guest()
  if (!heard(await stranger.login(identity), 200)) return false
  if (!heard(await stranger.vault(), 'ERR_TOTP_CHALLENGE_REQUIRED')) return false

  if (!removes) return true
  story.removal = 'asked'
  if (!heard(await guest.request('DELETE', path), 204)) return false
  story.removal = 'told'
  return true
}
