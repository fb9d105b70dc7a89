import { cpus } from 'node:os'
import { PINNED, SERVER_CORE, startLoadGenerator, type LoadGenerator, type ServerProcess } from './processes.js'
import type { OpenRow } from './row.js'
import { remarksOn, type Turn } from './saturation-remarks.js'

/** Requests of one kind, to one server. */
export interface Target {
  readonly name: string
  readonly server: ServerProcess
  /** The server's name for these requests. */
  readonly requests: string
  /** Requests of a turn. @default as many as there are sessions, for routes that each may ask once */
  readonly count?: number
  /** The contender that does everything except what is measured. */
  readonly baseline?: string
  /** The status by which the server refuses the requests that it calls `wrong`. */
  readonly refusal?: number
}

/** Seconds of work before anything is measured: a server gets fast within tens of thousands of requests. */
const WARM_UP = 3
/** The share of a turn that isn't counted, in which the server recovers from the turn before. */
const LEAD = 0.2

/**
 * Contenders whose figure is the rate of a server that is busy all the time, with a core of its own: requests
 * in a second of its processor time. Time that other processes took of its core is left out, because they
 * don't take the same from every contender. A server that judges must refuse first, or it would be fast at
 * nothing.
 */
export async function saturation (targets: readonly Target[]): Promise<OpenRow> {
  const generator = startLoadGenerator()
  const turns = new Map(targets.map(({ name }): [string, Turn[]] => [name, []]))
  // Written again after each turn, because none is known to be the last.
  const remarks: string[] = []
  for (const target of targets) {
    await requireRefusal(generator, target)
    await warmUp(generator, target)
  }
  return {
    contenders: targets.map(target => ({
      name: target.name,
      async measure () {
        const turn = await takeTurn(generator, target)
        turns.get(target.name)?.push(turn)
        remarks.splice(0, remarks.length, ...remarksOn(targets, turns))
        return { figure: turn.rate / turn.busy }
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
  for (let spent = 0; spent < WARM_UP;) spent += (await takeTurn(generator, target)).seconds
}

async function takeTurn (generator: LoadGenerator, target: Target): Promise<Turn> {
  const { server } = target
  const requests = await server.requests(target.requests)
  const { count = requests.values.length } = target
  await generator.aim({ requests, status: 200 })
  const lead = Math.floor(count * LEAD)
  await generator.fire(lead)
  return await fireAndWatch(generator, server, count - lead)
}

async function fireAndWatch (
  generator: LoadGenerator, server: ServerProcess, count: number
): Promise<Turn> {
  const before = { idle: idleTime(), cpu: await server.cpu() }
  const seconds = await generator.fire(count)
  const [cpu, idle] = [await server.cpu() - before.cpu, idleTime() - before.idle]
  return {
    seconds,
    rate: count / seconds,
    cpu: cpu / count,
    busy: cpu / 1e6 / seconds,
    idle: idle / 1000 / seconds
  }
}

function idleTime (): number {
  return PINNED ? cpus()[SERVER_CORE]?.times.idle ?? NaN : NaN
}
