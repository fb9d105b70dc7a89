import { cpus } from 'node:os'
import type { Opened } from './row.js'
import { loadGenerator, PINNED, SERVER_CORE, type LoadGenerator, type Served } from './served.js'

/** Requests of one kind, to one server. */
export interface Target {
  readonly name: string
  readonly server: Served
  /** What the server calls them. */
  readonly requests: string
  /** How many of them make a turn. As many as there are sessions, unless a session can have several. */
  readonly count?: number
  /** The contender that does all but what is measured. */
  readonly over?: string
  /** The status by which the server refuses what it calls `wrong`. */
  readonly refusal?: number
}

/** What was seen of a server in a turn. */
interface Turn {
  readonly seconds: number
  /** Answers in a second, by the clock. */
  readonly rate: number
  /** Microseconds of the server's processor time for each request. */
  readonly cpu: number
  /** The share of a core that the server had. */
  readonly busy: number
  /** The share of its core that nobody had. */
  readonly idle: number
}

type Turns = ReadonlyMap<string, Turn[]>

/** With less of its core than this, a server could have answered more. */
const SATURATED = 0.95
/** Seconds of work before anything is measured: a server gets fast within tens of thousands of requests. */
const WARM_UP = 3
/** The share of a turn that isn't counted: the server gets over what was before it. */
const LEAD = 0.2

/**
 * Contenders whose figure is the rate of a server that has all it can do, and a core of its own. What others
 * had of its core is left out: they don't take the same from everybody. Who judges has to refuse first, since
 * otherwise it would be fast at nothing.
 */
export async function saturation (targets: readonly Target[]): Promise<Opened> {
  const generator = loadGenerator()
  const turns = new Map(targets.map(({ name }): [string, Turn[]] => [name, []]))
  // Told anew after each turn, since nobody says which is the last.
  const remarks: string[] = []
  for (const target of targets) {
    await requireRefusal(generator, target)
    await warmUp(generator, target)
  }
  return {
    contenders: targets.map(target => ({
      name: target.name,
      async measure () {
        const turn = await turnOf(generator, target)
        turns.get(target.name)?.push(turn)
        remarks.splice(0, remarks.length, seenOf(targets, turns), ...doubtsOf(turns))
        return turn.rate / turn.busy
      }
    })),
    remarks,
    async close () {
      generator.close()
      for (const { server } of targets) server.close()
    }
  }
}

async function requireRefusal (generator: LoadGenerator, { server, refusal }: Target): Promise<void> {
  if (refusal === undefined) return
  await generator.aim({ requests: await server.requests('wrong'), status: refusal })
  await generator.fire(64)
}

async function warmUp (generator: LoadGenerator, target: Target): Promise<void> {
  for (let spent = 0; spent < WARM_UP;) spent += (await turnOf(generator, target)).seconds
}

async function turnOf (generator: LoadGenerator, target: Target): Promise<Turn> {
  const { server } = target
  const requests = await server.requests(target.requests)
  const { count = requests.values.length } = target
  await generator.aim({ requests, status: 200 })
  const lead = Math.floor(count * LEAD)
  await generator.fire(lead)
  return await seen(generator, server, count - lead)
}

async function seen (generator: LoadGenerator, server: Served, count: number): Promise<Turn> {
  const before = { idle: idle(), cpu: await server.cpu() }
  const seconds = await generator.fire(count)
  const [cpu, idled] = [await server.cpu() - before.cpu, idle() - before.idle]
  return {
    seconds,
    rate: count / seconds,
    cpu: cpu / count,
    busy: cpu / 1e6 / seconds,
    idle: idled / 1000 / seconds
  }
}

function idle (): number {
  return PINNED ? cpus()[SERVER_CORE]?.times.idle ?? NaN : NaN
}

function seenOf (targets: readonly Target[], turns: Turns): string {
  const rows = targets.map(({ name, over = name }) => {
    const median = (figureOf: (turn: Turn) => number) => medianOf(countedOf(turns, name).map(figureOf))
    const others = countedOf(turns, over)
    const added = medianOf(countedOf(turns, name).map(({ cpu }, round) => cpu - (others[round]?.cpu ?? NaN)))
    return [
      name,
      median(({ cpu }) => cpu).toFixed(2),
      over === name ? '' : added.toFixed(2),
      median(({ rate }) => rate).toFixed(0),
      percent(median(({ busy }) => busy)),
      percent(median(({ idle }) => idle))
    ]
  })
  return [
    '| | µs of processor time for a request | added to bare | answers/s by the clock | its core: itself | nobody |',
    '|---|---|---|---|---|---|',
    ...rows.map(cells => `| ${cells.join(' | ')} |`)
  ].join('\n')
}

function doubtsOf (turns: Turns): string[] {
  const busyOf = (name: string) => medianOf(countedOf(turns, name).map(({ busy }) => busy))
  const short = [...turns.keys()].filter(name => busyOf(name) < SATURATED)
  const left = 'What nobody had of their core is what the load generator left, the rest went to others.'
  return [
    ...(PINNED ? [] : ['Server and load generator could not be kept on cores of their own.']),
    ...(short.length === 0 ? [] : [`Not saturated: ${short.join('; ')}. ${left}`])
  ]
}

/** Without the first turn, which warms up. */
function countedOf (turns: Turns, name: string): readonly Turn[] {
  const all = turns.get(name) ?? []
  return all.length > 1 ? all.slice(1) : all
}

function medianOf (figures: readonly number[]): number {
  const sorted = [...figures].sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

function percent (share: number): string {
  return Number.isNaN(share) ? '' : `${(share * 100).toFixed(0)} %`
}
