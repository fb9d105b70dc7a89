import { isPromiseLike } from './now-or-later.js'

/** The moment by which all calls of one use case must be answered. */
export interface Deadline {
  /** Makes the call and waits for its answer. Rejects at the deadline, and ignores an answer after that. */
  race<T> (call: () => T | PromiseLike<T>): Promise<T>
  /** Does the same with the answer to a call that was made already. */
  wait<T> (answer: PromiseLike<T>): Promise<T>
  isOver (): boolean
  /** An earlier deadline: this one, or `seconds` from now. */
  within (seconds: number): Deadline
}

/**
 * Milliseconds between two looks at the waiting calls: a call is timed out at most this late. One timer for
 * all calls costs a fraction of one timer for each.
 */
const LOOK_EVERY = 25

/** A call that was waiting for its answer at the last look. */
interface Waiting {
  /** The deadline on the clock of `performance`, in milliseconds. */
  readonly end: number
  /** Null once the answer is there. */
  giveUp: (() => void) | null
}

/** Calls are added at the end, and dropped at the first look after their answer. */
let waiting: Waiting[] = []

/** A deadline `seconds` from now. Real time, not the injected clock: it limits how long a caller waits. */
export function deadlineIn (seconds: number): Deadline {
  return new Moment(performance.now() + seconds * 1000, seconds)
}

/** A class, because every guarded request creates one, and a closure for each method would cost more. */
class Moment implements Deadline {
  readonly #end: number
  readonly #seconds: number

  constructor (end: number, seconds: number) {
    this.#end = end
    this.#seconds = seconds
  }

  isOver (): boolean {
    return performance.now() >= this.#end
  }

  within (seconds: number): Deadline {
    return new Moment(Math.min(this.#end, performance.now() + seconds * 1000), seconds)
  }

  async race<T> (call: () => T | PromiseLike<T>): Promise<T> {
    const answer = call()
    return isPromiseLike(answer) ? await this.wait(answer) : answer
  }

  wait<T> (answer: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const call: Waiting = { end: this.#end, giveUp: () => reject(new Error(`no answer within ${this.#seconds} s`)) }
      if (waiting.push(call) === 1) setTimeout(look, LOOK_EVERY)
      Promise.resolve(answer).then(value => {
        call.giveUp = null
        resolve(value)
      }, error => {
        call.giveUp = null
        reject(error)
      })
    })
  }
}

/** Times out the calls whose deadline has passed, and looks again while others are waiting. */
function look (): void {
  const now = performance.now()
  const looked = waiting
  waiting = []
  for (const call of looked) {
    if (call.end <= now) call.giveUp?.()
    else if (call.giveUp !== null) waiting.push(call)
  }
  if (waiting.length > 0) setTimeout(look, LOOK_EVERY)
}
