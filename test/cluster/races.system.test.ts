import t, { type Test } from 'tap'
import type { ExampleServer } from '../example/example-server.js'
import { backends } from './backends.js'
import { PROGRAMS, SERVERS, startCluster, type Cluster } from './cluster.js'
import { isDone, outcomeOf, precedes, type Entry } from './journal.js'
import { recorder, stepOf, type LoginSession, type Recorder } from './recorder.js'
import { complaints } from './rules.js'

const SESSIONS = 50
/** Logins in one remembered browser. */
const VISITS = 4
/** Requests that every session goes on with at every process, once something was taken away. */
const FURTHER = 3
/** Seconds of the first lock. */
const LOCK_FOR = 30

const PLACES = Object.entries(PROGRAMS).flatMap(([name, program]) =>
  backends.map(backend => ({ backend, program, title: `four processes of ${name} on one ${backend.name}` })))

for (const { backend, program, title } of PLACES) {
  t.test(title, { skip: backend.skip }, async t => {
    const four = await startCluster(t, backend, {}, program)
    const records = recorder(four)
    const { now, at } = four

    await t.test('of 50 requests with one right code one is approved, and all processes agree which', async t => {
      const phone = await records.enrollEarly(at(0), await records.login(at(0), 'alice'))
      const people = await sessions(four, records, 'alice')
      const step = stepOf(now()) + 1
      const answers = await Promise.all(people.map(async (person, i) =>
        await records.ask(at(i), person, 'challenge', { phone, step })))
      t.equal(answers.filter(isDone).length, 1)

      // Those who came too late have given a wrong code, and locked the identity.
      await records.operate('unlock', 'alice')
      const vaults = await everywhere(four, people, async (server, person) =>
        await records.ask(server, person, 'vault'))
      const approved = answers.find(isDone)?.session ?? null
      t.strictSame(vaults.filter(isDone).map(({ session }) => session), Array(SERVERS).fill(approved))
      t.strictSame(codesOf(vaults.filter(({ session }) => session !== approved)), ['ERR_TOTP_CHALLENGE_REQUIRED'])
    })

    await t.test('of 50 payments and challenges with one right code one has it', async t => {
      const phone = await records.enrollEarly(at(0), await records.login(at(0), 'ivan'))
      const people = await sessions(four, records, 'ivan')
      for (const [acts, ahead] of [[['pay'], 0], [['pay', 'challenge'], 1]] as const) {
        const step = stepOf(now()) + ahead
        const answers = await Promise.all(people.map(async (person, i) =>
          await records.ask(at(i), person, acts[i % acts.length] ?? 'pay', { phone, step })))
        t.equal(answers.filter(isDone).length, 1)
        await records.operate('unlock', 'ivan')
        const vaults = await everywhere(four, people, async (server, person) =>
          await records.ask(server, person, 'vault'))
        const approved = answers.filter(entry => isDone(entry) && entry.act === 'challenge')
        t.equal(vaults.filter(isDone).length, SERVERS * approved.length, 'a payment approves no session')
      }
    })

    await t.test('of 200 wrong codes, half of them in payments, five are judged, and a right one is not', async t => {
      const phone = await records.enrollEarly(at(1), await records.login(at(1), 'judy'))
      const people = await sessions(four, records, 'judy')
      const since = now()
      judgedFive(t, since, await everywhere(four, people, async (server, person) =>
        await records.ask(server, person, people.indexOf(person) % 2 === 0 ? 'pay' : 'challenge', { phone })))
      await Promise.all(people.slice(0, SERVERS).map(async (person, i) => {
        locked(t, since, await records.ask(at(i), person, 'pay', { phone, step: stepOf(now()) + 1 }))
      }))
    })

    await t.test('of 50 codes at once, for a new app and for payments, each is used once', async t => {
      const owner = await records.login(at(2), 'ken')
      const phone = await records.enroll(at(2), owner) ?? fail()
      const people = await sessions(four, records, 'ken')
      const step = stepOf(now())
      const answers = await Promise.all([
        ...Array.from({ length: SERVERS }, async (_, i) => await records.ask(at(i), owner, 'verify', { phone, step })),
        ...people.map(async (person, i) => await records.ask(at(i), person, 'pay', { phone, step }))
      ])
      t.equal(answers.filter(isDone).length, 1)
      t.ok(answers.every(entry => entry.act === 'verify' || !isDone(entry)), 'it is the first code of the app')
    })

    await t.test('of 200 wrong codes five are judged, and a right one behind them is not', async t => {
      const phone = await records.enrollEarly(at(1), await records.login(at(1), 'bob'))
      const people = await sessions(four, records, 'bob')
      const since = now()
      judgedFive(t, since, await everywhere(four, people, async (server, person) =>
        await records.ask(server, person, 'challenge', { phone })))
      await Promise.all(people.slice(0, SERVERS).map(async (person, i) => {
        locked(t, since, await records.ask(at(i), person, 'challenge', { phone, step: stepOf(now()) + 1 }))
      }))

      await four.restart(300)
      const owner = await records.login(at(0), 'bob')
      t.match(await records.ask(at(1), owner, 'challenge', { phone, step: stepOf(now()) }), { status: 200 })
      t.match(await records.ask(at(2), owner, 'vault'), { status: 200 })
    })

    await t.test('a right code among 200 wrong ones starts their count anew, and no more', async t => {
      const owner = await records.login(at(2), 'carol')
      const phone = await records.enrollEarly(at(2), owner)
      const people = await sessions(four, records, 'carol')
      const another = await records.login(at(3), 'carol')
      const since = now()
      const [right, wrong] = await Promise.all([
        records.ask(at(3), another, 'challenge', { phone, step: stepOf(now()) }),
        everywhere(four, people, async (server, person) =>
          await records.ask(server, person, 'challenge', { phone }))
      ])
      if (outcomeOf(right) === 'refused') judgedFive(t, since, wrong)
      // Four before it, and five behind it.
      judgedAtMost(t, 9, since, wrong)
      locked(t, since, await records.ask(at(0), owner, 'challenge', { phone, step: stepOf(now()) + 1 }))
    })

    await t.test('what was taken away opens nothing from the next request on', async t => {
      const { phone, owner, others: [one, two, ...others] } = await approvedSessions(four, records, 'dave')
      if (one === undefined || two === undefined) throw new Error('nobody was approved')
      const ends: readonly End[] = [
        { ask: async () => await records.ask(at(1), one, 'log out'), ending: [one], staying: [owner, two, ...others] },
        { ask: async () => await records.ask(at(2), two, 'withdraw'), ending: [two], staying: [owner, ...others] },
        { ask: async () => await records.ask(at(3), owner, 'remove', { phone }), ending: [owner, ...others], staying: [] }
      ]
      for (const { ask, ending, staying } of ends) {
        const { end, vaults } = await meanwhile(four, records, [...ending, ...staying], ask)
        t.ok(isDone(end), end.act)
        t.strictSame(vaults.filter(entry => isOf(ending, entry) && precedes(end, entry) && isDone(entry)), [])
        t.strictSame(vaults.filter(entry => isOf(staying, entry) && !isDone(entry)), [])
        t.ok(vaults.some(entry => isOf(ending, entry) && isDone(entry)), 'before that, they passed')
      }
    })

    for (const kind of ['recovery code', 'pass'] as const) {
      await t.test(`of 50 requests with one ${kind} one is approved, and all processes agree which`, async t => {
        const identity = `erin with a ${kind}`
        const owner = await records.login(at(0), identity)
        await records.enrollEarly(at(0), owner)
        const people = await sessions(four, records, identity)
        if (kind === 'pass') await records.operate('pass', identity)
        const recovery = records.shown(identity).at(-1)
        if (recovery === undefined) throw new Error('there are no codes')
        const answers = await Promise.all(people.map(async (person, i) =>
          await records.ask(at(i), person, 'recover', { recovery })))
        t.equal(answers.filter(isDone).length, 1)
        t.strictSame(codesOf(answers.filter(entry => !isDone(entry))), ['ERR_TOTP_CHALLENGE_DENIED'])

        const vaults = await everywhere(four, [owner, ...people], async (server, person) =>
          await records.ask(server, person, 'vault'))
        const approved = answers.find(isDone)?.session ?? null
        t.strictSame(vaults.filter(isDone).map(({ session }) => session), Array(SERVERS).fill(approved))
        t.strictSame(codesOf(vaults.filter(entry => !isDone(entry))), ['ERR_TOTP_CHALLENGE_REQUIRED'])
      })
    }

    await t.test('ten recovery codes at once are all spent, and the last one stays approved', async t => {
      await records.enrollEarly(at(0), await records.login(at(0), 'frank'))
      const people = await sessions(four, records, 'frank')
      const answers = await Promise.all(records.shown('frank').flatMap((recovery, i) =>
        [0, 1, 2].map(async k => await records.ask(at(i + k), people[3 * i + k] ?? fail(), 'recover', { recovery }))))
      t.equal(answers.filter(isDone).length, 10)
      const vaults = await everywhere(four, people, async (server, person) =>
        await records.ask(server, person, 'vault'))
      t.equal(new Set(vaults.filter(isDone).map(({ session }) => session)).size, 1)
      t.equal(vaults.filter(isDone).length, SERVERS)
    })

    await t.test('what a recovery voids opens nothing from the next request on', async t => {
      const { owner, others } = await approvedSessions(four, records, 'grace')
      const back = await records.login(at(1), 'grace')
      const [recovery] = records.shown('grace')
      const recover = async () => await records.ask(at(2), back, 'recover', { recovery: recovery ?? fail() })
      const { end, vaults } = await meanwhile(four, records, [owner, ...others], recover)
      t.ok(isDone(end))
      t.strictSame(vaults.filter(entry => precedes(end, entry) && isDone(entry)), [])
      t.ok(vaults.some(isDone), 'before that, they passed')
      const after = await everywhere(four, [back], async (server, person) => await records.ask(server, person, 'vault'))
      t.equal(after.filter(isDone).length, SERVERS)

      const ended = await meanwhile(four, records, [back], async () => await records.operate('revoke', 'grace'))
      t.strictSame(ended.vaults.filter(entry => precedes(ended.end, entry) && isDone(entry)), [])
    })

    await t.test('a browser that is forgotten or revoked opens nothing from the next request on', async t => {
      const { owner, browsers: [one = fail(), two = fail(), three = fail()] } = await rememberedBrowsers(four, records, 'heidi')
      const own = one.visits[0] ?? fail()
      const ends: ReadonlyArray<End & { readonly name: string }> = [
        {
          name: 'by itself',
          ask: async () => await records.ask(at(1), own, 'forget', { browser: 'current' }),
          ending: one.visits,
          staying: [...two.visits, ...three.visits]
        },
        {
          name: 'by its user',
          ask: async () => await records.ask(at(2), owner, 'forget', { browser: two.sid }),
          ending: two.visits,
          staying: three.visits
        },
        {
          name: 'by an operator',
          ask: async () => await records.operate('revoke', 'heidi'),
          ending: three.visits,
          staying: []
        }
      ]
      for (const { name, ask, ending, staying } of ends) {
        const { end, vaults } = await meanwhile(four, records, [...ending, ...staying], ask)
        t.ok(isDone(end), name)
        t.strictSame(vaults.filter(entry => isOf(ending, entry) && precedes(end, entry) && isDone(entry)), [])
        t.strictSame(vaults.filter(entry => isOf(staying, entry) && !isDone(entry)), [])
        t.ok(vaults.some(entry => isOf(ending, entry) && isDone(entry)), 'before that, it passed')
      }
    })

    t.strictSame(complaints(records.journal), [])
  })
}

function fail (): never {
  throw new Error('it is missing')
}

/** Something that ends the approvals of some sessions, and leaves those of others alone. */
interface End {
  readonly ask: () => Promise<Entry>
  readonly ending: readonly LoginSession[]
  readonly staying: readonly LoginSession[]
}

/** Log-ins of one identity, spread over the processes. */
async function sessions ({ at }: Cluster, { login }: Recorder, identity: string): Promise<LoginSession[]> {
  return await Promise.all(Array.from({ length: SESSIONS }, async (_, i) => await login(at(i), identity)))
}

/** As many sessions with an approval as codes allow: five factors, and two codes of each. */
async function approvedSessions (four: Cluster, records: Recorder, identity: string) {
  const { at, now } = four
  const owner = await records.login(at(0), identity)
  const phone = await records.enrollEarly(at(0), owner)
  const phones = [phone]
  while (phones.length < 5) phones.push(await records.enrollEarly(at(phones.length), owner))
  const others: LoginSession[] = []
  for (const ahead of [0, 1]) {
    for (const phone of phones) {
      const other = await records.login(at(others.length), identity)
      const step = stepOf(now()) + ahead
      const answer = await records.ask(at(others.length), other, 'challenge', { phone, step, named: true })
      if (!isDone(answer)) throw new Error(`a right code got ${answer.code}`)
      others.push(other)
    }
  }
  return { phone, owner, others }
}

/** A browser that is remembered. */
interface Remembered {
  readonly sid: string
  /** Later logins in it, none of them approved. */
  readonly visits: readonly LoginSession[]
}

/** Three browsers that are remembered, and a session of their owner in another one. */
async function rememberedBrowsers (
  { at, now }: Cluster, records: Recorder, identity: string
): Promise<{ owner: LoginSession, browsers: readonly Remembered[] }> {
  const owner = await records.login(at(0), identity)
  const phone = await records.enrollEarly(at(0), owner)
  const second = await records.enrollEarly(at(1), owner)
  const browsers: Remembered[] = []
  for (const [phoneOfTurn, ahead] of [[phone, 0], [second, 0], [phone, 1]] as const) {
    const session = await records.login(at(browsers.length), identity)
    const step = stepOf(now()) + ahead
    const asked = { phone: phoneOfTurn, step, named: true, remember: true }
    const answer = await records.ask(at(browsers.length), session, 'challenge', asked)
    const { current } = await records.ask(at(browsers.length), session, 'browsers')
    const cookie = records.cookies.at(-1)
    if (answer.remembered === null || current === null) throw new Error(`a right code got ${answer.code}`)
    const visits = await Promise.all(Array.from({ length: VISITS }, async (_, i) =>
      await records.login(at(i), identity, cookie)))
    browsers.push({ sid: current, visits })
  }
  return { owner, browsers }
}

/** Every session asks every process at once. */
async function everywhere (
  { servers }: Cluster, people: readonly LoginSession[],
  ask: (server: ExampleServer, person: LoginSession) => Promise<Entry>
): Promise<Entry[]> {
  return await Promise.all(people.flatMap(person => servers.map(async server => await ask(server, person))))
}

/** Every session asks every process for the vault, again and again, while something is ended, and after. */
async function meanwhile (
  { servers }: Cluster, { ask }: Recorder, people: readonly LoginSession[], end: () => Promise<Entry>
): Promise<{ end: Entry, vaults: Entry[] }> {
  const vaults: Entry[] = []
  const over = new AbortController()
  const begun = people.flatMap(person => servers.map(server => {
    const next = async () => { vaults.push(await ask(server, person, 'vault')) }
    const first = next()
    const rest = first.then(async () => {
      while (!over.signal.aborted) await next()
      for (let further = 0; further < FURTHER; further++) await next()
    })
    return { first, rest }
  }))
  await Promise.all(begun.map(async ({ first }) => await first))
  const ended = await end()
  over.abort()
  await Promise.all(begun.map(async ({ rest }) => await rest))
  return { end: ended, vaults }
}

/** Five wrong codes were judged, unless the database was too slow to say so. */
function judgedFive (t: Test, since: number, answers: readonly Entry[]): void {
  judgedAtMost(t, 5, since, answers)
  t.ok(answers.filter(isDenied).length >= 5 || answers.some(({ code }) => code === 'ERR_TOTP_STORE'))
  t.strictSame(answers.filter(entry => !isDenied(entry) && ![429, 503].includes(entry.status ?? 0)), [])
}

/** A machine that takes longer than a lock lets five more be judged. */
function judgedAtMost (t: Test, most: number, since: number, answers: readonly Entry[]): void {
  const judged = answers.filter(isDenied)
  const locks = Math.floor((Math.max(since, ...judged.map(({ until }) => until)) - since) / LOCK_FOR)
  t.ok(judged.length <= most + 5 * locks, `${judged.length} were judged`)
}

/** A right code isn't judged either, while the lock lasts that began after a moment. */
function locked (t: Test, since: number, { code, until }: Entry): void {
  t.ok(code === 'ERR_TOTP_LOCKED' || until - since >= LOCK_FOR, String(code))
}

function isDenied (entry: Entry): boolean {
  return outcomeOf(entry) === 'denied'
}

function isOf (people: readonly LoginSession[], { session }: Entry): boolean {
  return people.some(({ name }) => name === session)
}

function codesOf (entries: readonly Entry[]): Array<string | null> {
  return [...new Set(entries.map(({ code }) => code))]
}
