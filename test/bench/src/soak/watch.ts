import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks'

/** A second of a server. */
export interface Sample extends Delay {
  /** Its end, in Unix milliseconds. */
  readonly at: number
  /** Memory of the whole process, in MB. */
  readonly rss: number
}

/**
 * Milliseconds by which the event loop was late. A timer shows them; the time for which it waits anyway is
 * subtracted.
 */
export interface Delay {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** A turn of a server. */
export interface Watched {
  /** Over the whole turn. */
  readonly delay: Delay
  readonly samples: readonly Sample[]
  /** Seconds of processor time. */
  readonly cpu: number
  /** MB of objects that were still needed when the turn was over. */
  readonly heap: number
}

const RESOLUTION = 1
const MB = 2 ** 20

/** Watches this process until the function that it returns is called. */
export function watch (): () => Watched {
  const samples: Sample[] = []
  const turn = monitorEventLoopDelay({ resolution: RESOLUTION })
  const second = monitorEventLoopDelay({ resolution: RESOLUTION })
  const timer = setInterval(sample, 1000)
  const before = process.cpuUsage()
  turn.enable()
  second.enable()

  function sample (): void {
    samples.push({ at: Date.now(), rss: process.memoryUsage.rss() / MB, ...delayOf(second) })
    second.reset()
  }

  return () => {
    const { user, system } = process.cpuUsage(before)
    clearInterval(timer)
    if (samples.length === 0) sample()
    turn.disable()
    second.disable()
    return { delay: delayOf(turn), samples, cpu: (user + system) / 1e6, heap: heapInUse() }
  }
}

/** Only after a turn, because the pause would be one of the delays. */
function heapInUse (): number {
  if (globalThis.gc === undefined) throw new Error('the server needs --expose-gc')
  globalThis.gc()
  return process.memoryUsage().heapUsed / MB
}

function delayOf (histogram: IntervalHistogram): Delay {
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION)
  const { max } = histogram
  return { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(max) }
}
