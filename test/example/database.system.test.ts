import { randomBytes } from 'node:crypto'
import t from 'tap'
import { emptyDatabase, lackingServer } from './empty-database.js'
import { runExample, temporaryFolder } from './example-server.js'
import { guest, type Guest } from './guest.js'

/** Seconds of the first lock. */
const LOCK_FOR = 30

t.test('instances that share a PostgreSQL database act as one site', { skip: lackingServer }, async t => {
  const shared = {
    DATABASE_URL: await emptyDatabase(t),
    PORT: '0',
    SESSION_SECRET: randomBytes(32).toString('hex'),
    TOTP_KEYS: randomBytes(32).toString('base64')
  }
  const start = async () => runExample(t, { ...shared, DATA_DIR: await temporaryFolder(t) })
  // Both at the same time, on an empty database: the slower one finds the tables there.
  const [one, two] = await Promise.all([start(), start()])
  const urls = await Promise.all([one.url, two.url])
  const at = (url: string, { cookies }: Guest) => guest(url, new Map(cookies))

  await t.test('both know the session', async t => {
    const alice = guest(urls[0])
    await alice.login('alice')
    await alice.enrollVerified(Math.floor(Date.now() / 1000))
    t.match(await at(urls[1], alice).vault(), { status: 200 })
    await at(urls[1], alice).logout()
    t.match(await alice.vault(), { status: 401 })
  })

  await t.test('of 50 requests with the same code on both, one opens the vault', async t => {
    const owner = guest(urls[0])
    await owner.login('bob')
    const phone = await owner.enrollEarly(() => Math.floor(Date.now() / 1000))
    const people = await Promise.all(Array.from({ length: 50 }, async (_, i) => {
      const visitor = guest(urls[i % 2] ?? '')
      await visitor.login('bob')
      return visitor
    }))
    const code = phone.code(Math.floor(Date.now() / 1000) + 30)
    const answers = await Promise.all(people.map(async visitor => await visitor.challenge(code)))
    t.equal(answers.filter(({ status }) => status === 200).length, 1)
    const vaults = await Promise.all(people.map(async visitor => await visitor.vault()))
    t.equal(vaults.filter(({ status }) => status === 200).length, 1)
  })

  await t.test('of 200 wrong codes on both, five are judged', async t => {
    const owner = guest(urls[0])
    await owner.login('carol')
    const since = Math.floor(Date.now() / 1000)
    const phone = await owner.enrollVerified(since)
    const code = phone.wrongCode(since)
    const answers = await Promise.all(Array.from({ length: 200 }, async (_, i) =>
      await at(urls[i % 2] ?? '', owner).challenge(code)))
    t.strictSame(answers.filter(({ status }) => status === 200), [])
    const right = await owner.challenge(phone.code(Math.floor(Date.now() / 1000) + 30))
    // On a busy machine the lock may end meanwhile, and then five more are judged.
    const locks = Math.floor((Date.now() / 1000 - since) / LOCK_FOR)
    t.ok(answers.filter(({ status }) => status === 403).length <= 5 + 5 * locks)
    t.ok(right.status === 429 || locks > 0, String(right.status))
  })

  await t.test('an instance with other keys does not start', async t => {
    const TOTP_KEYS = randomBytes(32).toString('base64')
    const { ended } = runExample(t, { ...shared, TOTP_KEYS, DATA_DIR: await temporaryFolder(t) })
    const { exitCode, stderr } = await ended
    t.equal(exitCode, 1)
    t.match(stderr, /other keys/)
  })
})
