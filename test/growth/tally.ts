import type { Calls } from './batch-store.js'
import { hourOfWeek, HOURS_OF_WEEK, SETTLED } from './calendar.js'
import { distributionOf, type Distribution } from './distribution.js'

/** What is counted, each with the calls of the store that it takes. */
export const OPERATIONS = [
  'guarded request', 'login', 'right code', 'wrong code', 'code while locked or disabled', 'logout',
  'enrollment', 'removal of a factor', 'unlock, revoke, reset'
] as const

/** One of them. */
export type Operation = typeof OPERATIONS[number]

/** What operations of one kind took after the roll-out, by the hour of the week. */
export interface Load {
  readonly times: Float64Array
  readonly reads: Float64Array
  readonly writes: Float64Array
}

/** What a number of lives took. */
export interface Tally {
  readonly loads: ReadonlyMap<Operation, Load>
  /** Of each life after the roll-out. */
  readonly reads: Distribution
  readonly writes: Distribution
  /** Enrollments during the roll-out. */
  readonly enrolled: number
  /** Operations that were carried out, at any time. */
  readonly performed: number
  /** Operations that were counted without carrying them out, at any time. */
  readonly supposed: number
}

/** Counts what one life after the other takes. */
export interface Counter extends Tally {
  /** An operation that was carried out. */
  count (operation: Operation, at: number, calls: Calls): void
  /** Operations that weren't carried out: each would take these calls, and change nothing. */
  suppose (operation: Operation, times: number, at: number, each: Calls): void
  /** What is counted from now on belongs to the next life. */
  endLife (): void
}

/** Nothing is counted yet. */
export function newCounter (): Counter {
  const loads = new Map(OPERATIONS.map(operation => [operation, newLoad()]))
  const [readsOfLives, writesOfLives] = [distributionOf(), distributionOf()]
  let [reads, writes, enrolled, performed, supposed] = [0, 0, 0, 0, 0]

  function add (operation: Operation, times: number, at: number, each: Calls): void {
    if (at < SETTLED) {
      if (operation === 'enrollment') enrolled += times
      return
    }
    const { times: done, ...asked } = loads.get(operation) ?? newLoad()
    const parts = [[done, 1], [asked.reads, each.reads], [asked.writes, each.writes]] as const
    const hour = hourOfWeek(at)
    for (const [counts, more] of parts) counts[hour] = (counts[hour] ?? 0) + more * times
    reads += each.reads * times
    writes += each.writes * times
  }

  return {
    loads,
    reads: readsOfLives,
    writes: writesOfLives,
    get enrolled () { return enrolled },
    get performed () { return performed },
    get supposed () { return supposed },

    count (operation, at, calls) {
      performed++
      add(operation, 1, at, calls)
    },

    suppose (operation, times, at, each) {
      supposed += times
      add(operation, times, at, each)
    },

    endLife () {
      readsOfLives.add(reads)
      writesOfLives.add(writes)
      reads = writes = 0
    }
  }
}

function newLoad (): Load {
  const hours = () => new Float64Array(HOURS_OF_WEEK)
  return { times: hours(), reads: hours(), writes: hours() }
}
