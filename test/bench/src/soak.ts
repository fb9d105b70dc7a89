import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { outcomeOf, type Outcome } from './rounds.js'
import type { Contender, Row } from './row.js'
import { LOAD_CORE, SERVER_CORE } from './processes.js'
import type { LoadOrder, RequestCounts } from './soak/load.js'
import { pictureOf } from './soak/picture.js'
import { startPinned, type Pinned } from './soak/pinned.js'
import { growthOf, remarksOf } from './soak/report.js'
import type { Listening, ServerOrder, ServerTurn } from './soak/server.js'
import { countOf, type Turn } from './soak/turns.js'

/** A server, and the load on it. */
interface Site {
  readonly server: Pinned
  readonly load: Pinned
  readonly port: number
}

/** Requests a second, and for how long. */
interface Pace {
  readonly perSecond: number
  readonly seconds: number
}

const { SOAK_MINUTES = '10', SOAK_SVG = 'soak.svg' } = process.env
const PEOPLE = 10_000
const ROUNDS = 20
/** Memory is judged by the second and the last third of the turns. */
const LEAST_ROUNDS = 3
/** Seconds of a turn. The soak's minutes are those of the server with the second factor. */
const SECONDS = Number(SOAK_MINUTES) * 60 / ROUNDS
const BARE_SECONDS = SECONDS / 3
/** The share of its core that the server needs. At nearly all of it, delays would only be queues. */
const BUSY = 0.45
/** Turns that find the rate for that share: the more requests there are, the less each of them takes. */
const [TRIALS, TRIAL_SECONDS, FIRST_RATE] = [3, 4, 1000]
const TITLE = `${SOAK_MINUTES} min of mixed load, ${PEOPLE.toLocaleString('en').replace(',', ' ')} identities`
const [GUARDED, BARE] = ['event-loop delay p99', 'event-loop delay p99 of the bare server']

/** Mixed load for minutes: shows whether memory grows and the event loop stays free. Draws a picture, too. */
export async function soak (rounds: number = ROUNDS): Promise<Outcome> {
  if (!(Number(SOAK_MINUTES) >= 1)) throw new Error('SOAK_MINUTES must be at least 1')
  const [guarded, bare]: [Turn[], Turn[]] = [[], []]
  const outcome = await outcomeOf(rowOf(guarded, bare), Math.max(rounds, LEAST_ROUNDS))
  // The first round warms up.
  const turns = { guarded: guarded.slice(1), bare: bare.slice(1) }
  const remarks = remarksOf(turns)
  writeFileSync(SOAK_SVG, pictureOf(turns, `Soak: ${TITLE}`))
  return {
    ...outcome,
    ratios: [...outcome.ratios, growthOf(turns.guarded)],
    remarks: [...remarks, `Drawn in \`${SOAK_SVG}\`.`]
  }
}

function rowOf (guardedTurns: Turn[], bareTurns: Turn[]): Row {
  return {
    name: 'soak',
    title: TITLE,
    unit: 'ms',
    goals: [{ of: GUARDED, to: BARE, atMost: 2 }],
    rounds: ROUNDS,
    async open () {
      const load = startPinned('load.js', { core: LOAD_CORE })
      const guarded = await openSite('guarded', load)
      const bare = await openSite('bare', load)
      const perSecond = await findRate(guarded)
      return {
        contenders: [
          visitContender(GUARDED, guarded, { perSecond, seconds: SECONDS }, guardedTurns),
          visitContender(BARE, bare, { perSecond, seconds: BARE_SECONDS }, bareTurns)
        ],
        async close () {
          for (const { close } of [load, guarded.server, bare.server]) close()
        }
      }
    }
  }
}

async function openSite (kind: 'guarded' | 'bare', load: Pinned): Promise<Site> {
  const server = startPinned('server.js', { core: SERVER_CORE, flags: ['--expose-gc'], args: [kind] })
  const { port } = await server.ask<Listening>('listen' satisfies ServerOrder)
  await load.ask({ port, settle: PEOPLE, guarded: kind === 'guarded' } satisfies LoadOrder)
  return { server, load, port }
}

async function findRate (site: Site): Promise<number> {
  let perSecond = FIRST_RATE
  for (let trial = 0; trial < TRIALS; trial++) {
    const turn = await takeTurn(site, { perSecond, seconds: TRIAL_SECONDS })
    perSecond = Math.round(BUSY * countOf(turn) / turn.cpu)
  }
  return perSecond
}

function visitContender (name: string, site: Site, pace: Pace, turns: Turn[]): Contender {
  return {
    name,
    async measure () {
      const turn = await takeTurn(site, pace)
      turns.push(turn)
      return { figure: turn.delay.p99 }
    }
  }
}

async function takeTurn ({ server, load, port }: Site, pace: Pace): Promise<Turn> {
  await server.ask('begin' satisfies ServerOrder)
  const [begin, before] = [Date.now(), idleSeconds()]
  const requests = await load.ask<RequestCounts>({ port, ...pace } satisfies LoadOrder)
  const [seconds, idle] = [(Date.now() - begin) / 1000, idleSeconds() - before]
  const turn = await server.ask<ServerTurn>('end' satisfies ServerOrder)
  if (turn.sessions !== PEOPLE) throw new Error(`${PEOPLE} people have ${turn.sessions} sessions`)
  return { ...turn, begin, seconds, idle, requests }
}

function idleSeconds (): number {
  return (cpus()[SERVER_CORE]?.times.idle ?? NaN) / 1000
}
