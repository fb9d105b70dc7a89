import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { outcomeOf, type Outcome } from './rounds.js'
import type { Contender, Row } from './row.js'
import { LOAD_CORE, SERVER_CORE } from './served.js'
import type { Asked, LoadOrder } from './soak/load.js'
import { pictureOf } from './soak/picture.js'
import { pinned, type Pinned } from './soak/pinned.js'
import { growthOf, remarksOf } from './soak/report.js'
import type { Listening, Served, ServerOrder } from './soak/server.js'
import { requestsOf, type Turn } from './soak/turns.js'

/** A server, and the load that comes to it. */
interface Site {
  readonly server: Pinned
  readonly load: Pinned
  readonly port: number
}

/** How many requests a second, and for how long. */
interface Pace {
  readonly perSecond: number
  readonly seconds: number
}

const { SOAK_MINUTES = '10', SOAK_SVG = 'soak.svg' } = process.env
const PEOPLE = 10_000
const ROUNDS = 20
/** Of a turn: the soak's minutes are those of the server with the second factor. */
const SECONDS = Number(SOAK_MINUTES) * 60 / ROUNDS
const BARE_SECONDS = SECONDS / 3
/** The share of its core that the server is to need: near all of it, delays would only be queues. */
const BUSY = 0.45
/** Turns that find out how many requests that are: the more there are, the less each of them takes. */
const [TRIALS, TRIAL_SECONDS, FIRST_RATE] = [3, 4, 1000]
const TITLE = `${SOAK_MINUTES} min of mixed load, ${PEOPLE.toLocaleString('en').replace(',', ' ')} identities`
const [GUARDED, BARE] = ['event-loop delay p99', 'event-loop delay p99 of the bare server']

/** Mixed load for minutes: does memory stay what it is, and the event loop free? Draws what it saw. */
export async function soak (): Promise<Outcome> {
  if (!(Number(SOAK_MINUTES) >= 1)) throw new Error('SOAK_MINUTES must be at least 1')
  const [guarded, bare]: [Turn[], Turn[]] = [[], []]
  const outcome = await outcomeOf(rowOf(guarded, bare))
  // The first round isn't counted: it warms up.
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
    goals: [{ of: GUARDED, by: BARE, atMost: 2 }],
    rounds: ROUNDS,
    async open () {
      const load = pinned('load.js', { core: LOAD_CORE })
      const guarded = await siteOf('guarded', load)
      const bare = await siteOf('bare', load)
      const perSecond = await bearable(guarded)
      return {
        contenders: [
          visited(GUARDED, guarded, { perSecond, seconds: SECONDS }, guardedTurns),
          visited(BARE, bare, { perSecond, seconds: BARE_SECONDS }, bareTurns)
        ],
        async close () {
          for (const { close } of [load, guarded.server, bare.server]) close()
        }
      }
    }
  }
}

async function siteOf (kind: 'guarded' | 'bare', load: Pinned): Promise<Site> {
  const server = pinned('server.js', { core: SERVER_CORE, flags: ['--expose-gc'], args: [kind] })
  const { port } = await server.ask<Listening>('listen' satisfies ServerOrder)
  await load.ask({ port, settle: PEOPLE, guarded: kind === 'guarded' } satisfies LoadOrder)
  return { server, load, port }
}

async function bearable (site: Site): Promise<number> {
  let perSecond = FIRST_RATE
  for (let trial = 0; trial < TRIALS; trial++) {
    const turn = await turnOf(site, { perSecond, seconds: TRIAL_SECONDS })
    perSecond = Math.round(BUSY * requestsOf(turn) / turn.cpu)
  }
  return perSecond
}

function visited (name: string, site: Site, pace: Pace, turns: Turn[]): Contender {
  return {
    name,
    async measure () {
      const turn = await turnOf(site, pace)
      turns.push(turn)
      return turn.delay.p99
    }
  }
}

async function turnOf ({ server, load, port }: Site, pace: Pace): Promise<Turn> {
  await server.ask('begin' satisfies ServerOrder)
  const [begin, before] = [Date.now(), idleSeconds()]
  const asked = await load.ask<Asked>({ port, ...pace } satisfies LoadOrder)
  const [seconds, idle] = [(Date.now() - begin) / 1000, idleSeconds() - before]
  const served = await server.ask<Served>('end' satisfies ServerOrder)
  if (served.sessions !== PEOPLE) throw new Error(`${PEOPLE} people have ${served.sessions} sessions`)
  return { ...served, begin, seconds, idle, asked }
}

function idleSeconds (): number {
  return (cpus()[SERVER_CORE]?.times.idle ?? NaN) / 1000
}
