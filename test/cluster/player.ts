import type { Random } from '../../src/testing/store-suite/random.js'
import type { ExampleServer } from '../example/example-server.js'
import { SERVERS, type Cluster } from './cluster.js'
import { isDone, type Act, type Entry } from './journal.js'
import { stepOf, type Asked, type BrowserCookie, type LoginSession, type Phone, type Recorder } from './recorder.js'

/** What the people behind one identity know, whoever of them has learnt it. */
export interface Identity {
  readonly name: string
  readonly sessions: Set<LoginSession>
  /** Verified factors. */
  readonly phones: Set<Phone>
  /** The factor that waits for its first code. */
  draft: Phone | null
  /** The last step of each factor whose code was approved. */
  readonly spent: Map<Phone, number>
  /** The remembered browsers that the last list had, by their sids. */
  browsers: readonly string[]
}

/** Where a move is made, and with which session. */
interface Turn {
  readonly server: ExampleServer
  readonly session: LoginSession
}

type Move = (turn: Turn, phone: Phone) => Promise<unknown>

/** Sessions of one identity that are logged in at once. */
const SESSIONS = 3

/** Nobody is logged in yet. */
export function newIdentity (name: string): Identity {
  return { name, sessions: new Set(), phones: new Set(), draft: null, spent: new Map(), browsers: [] }
}

/** Makes one move after the other for an identity, at any of the servers. */
export function player (
  { at, now }: Cluster, records: Recorder, identity: Identity, random: Random
): () => Promise<void> {
  const { name, sessions, phones, spent } = identity

  /** What is played, and how often, as soon as there is a verified factor. */
  const moves = many([
    [40, answer],
    [10, async (turn, phone) => await challenge(turn, phone, null)],
    [8, async (turn, phone) => await challenge(turn, phone, spent.get(phone) ?? null)],
    [16, pay],
    [28, async turn => await ask(turn, 'vault')],
    [12, async turn => await ask(turn, 'transfer')],
    [5, async turn => await ask(turn, 'report')],
    [7, async turn => await ask(turn, 'list')],
    [12, async (turn, phone) => await ask(turn, 'rename', { phone, name: `phone ${random(1e6)}` })],
    [6, recover],
    [2, async turn => await ask(turn, 'recover')],
    [5, async turn => await ask(turn, 'new codes')],
    [2, async () => await records.operate('pass', name)],
    [30, visit],
    [5, listBrowsers],
    [5, forget],
    [7, remove],
    [36, furnish],
    [3, enroll],
    [4, async turn => await ask(turn, 'withdraw')],
    [3, async ({ server }) => await logIn(server)],
    [3, logOut],
    [3, async () => await records.operate('revoke', name)],
    [16, async () => await records.operate('unlock', name)],
    [1, reset]
  ])

  async function ask ({ server, session }: Turn, act: Act, asked?: Asked): Promise<Entry> {
    const entry = await records.ask(server, session, act, asked)
    if (entry.status === 401) sessions.delete(session)
    return entry
  }

  /** With the oldest code that is not spent, if there is one. */
  async function answer (turn: Turn, phone: Phone): Promise<void> {
    const present = stepOf(now())
    const step = Math.max(present - 1, (spent.get(phone) ?? 0) + 1)
    if (step <= present + 1) await challenge(turn, phone, step)
  }

  /** With the same codes as challenges, now and then a wrong one, or none. */
  async function pay (turn: Turn, phone: Phone): Promise<void> {
    const present = stepOf(now())
    const step = [null, spent.get(phone) ?? null, present, present, present + 1][random(5)] ?? null
    const named = step === null || step <= (spent.get(phone) ?? 0) || random(2) === 0
    if (random(8) === 0) await ask(turn, 'pay')
    else spend(await ask(turn, 'pay', { phone, step, named }), phone, step)
  }

  async function challenge (turn: Turn, phone: Phone, step: number | null): Promise<void> {
    // What is wrong for one factor may be right for another.
    const named = step === null || step <= (spent.get(phone) ?? 0) || random(2) === 0
    const remember = random(5) > 0
    const entry = await ask(turn, 'challenge', { phone, step, named, remember })
    spend(entry, phone, step)
    if (entry.remembered === null) return
    // The list tells which browser this one is.
    await listBrowsers(turn)
    await visit(turn)
  }

  /** A new login with the cookie of a browser that was remembered once, now and then another identity's. */
  async function visit ({ server }: Turn): Promise<void> {
    const cookie = oldCookie(random(8) > 0)
    if (cookie === undefined) return
    const turn = { server: at(random(SERVERS)), session: await records.login(server, name, cookie) }
    await ask(turn, random(4) === 0 ? 'report' : 'vault')
    if (random(6) === 0) await ask(turn, 'transfer')
    if (random(6) === 0) await forget(turn)
    await ask({ ...turn, server }, 'vault')
  }

  function oldCookie (own: boolean): BrowserCookie | undefined {
    const cookies = records.cookies.filter(({ identity }) => !own || identity === name).slice(-3)
    return cookies[random(Math.max(1, cookies.length))]
  }

  async function listBrowsers (turn: Turn): Promise<void> {
    const entry = await ask(turn, 'browsers')
    if (isDone(entry)) identity.browsers = entry.browsers
  }

  async function forget (turn: Turn): Promise<void> {
    const choices = ['current', 'all', ...identity.browsers]
    await ask(turn, 'forget', { browser: choices[random(choices.length)] ?? 'current' })
  }

  /** With any code that was ever shown: the newest of them may work. */
  async function recover (turn: Turn): Promise<void> {
    const shown = records.shown(name)
    const recent = random(2) === 0 ? shown.slice(-4) : shown
    const recovery = recent[random(Math.max(1, recent.length))]
    if (recovery !== undefined) await ask(turn, 'recover', { recovery })
  }

  async function enroll ({ server, session }: Turn): Promise<void> {
    identity.draft = await records.enroll(server, session) ?? identity.draft
  }

  /** Goes on towards a factor: now and then with a wrong code, or in a session that hasn't enrolled it. */
  async function furnish (turn: Turn): Promise<void> {
    const { draft } = identity
    if (draft === null) return await enroll(turn)
    const session = random(8) === 0 ? turn.session : draft.session
    const step = random(4) === 0 ? null : stepOf(now()) + random(2)
    const entry = await ask({ ...turn, session }, 'verify', { phone: draft, step })
    if (isDone(entry)) phones.add(draft)
    if (isDone(entry) || entry.status === 404) identity.draft = null
    spend(entry, draft, step)
  }

  async function remove (turn: Turn, phone: Phone): Promise<void> {
    if (isDone(await ask(turn, 'remove', { phone }))) phones.delete(phone)
  }

  async function reset (): Promise<void> {
    phones.clear()
    await records.operate('reset', name)
  }

  async function logIn (server: ExampleServer): Promise<void> {
    const oldest = [...sessions][SESSIONS - 1]
    if (oldest !== undefined) sessions.delete(oldest)
    sessions.add(await records.login(server, name, random(2) === 0 ? oldCookie(true) : undefined))
  }

  async function logOut (turn: Turn): Promise<void> {
    sessions.delete(turn.session)
    await ask(turn, 'log out')
  }

  function spend (entry: Entry, phone: Phone, step: number | null): void {
    if (isDone(entry) && step !== null) spent.set(phone, step)
  }

  function oneOf<T> (things: ReadonlySet<T>): T | undefined {
    return [...things][random(Math.max(1, things.size))]
  }

  return async () => {
    const server = at(random(SERVERS))
    const session = oneOf(sessions)
    if (session === undefined) return await logIn(server)
    const phone = oneOf(phones)
    const turn = { server, session }
    if (phone === undefined) await furnish(turn)
    else await moves[random(moves.length)]?.(turn, phone)
  }
}

function many (weights: ReadonlyArray<readonly [number, Move]>): Move[] {
  return weights.flatMap(([weight, move]) => Array<Move>(weight).fill(move))
}
