import { isPromiseLike } from './now-or-later.js'

/** The moment by which every call of one use case must have been answered. */
export interface Deadline {
  /** Makes the call and waits for its answer. Rejects when that isn't there in time, and ignores it later. */
  race<T> (call: () => T | PromiseLike<T>): Promise<T>
  /** Waits for the answer to a call that was made already, as `race` does. */
  wait<T> (answer: PromiseLike<T>): Promise<T>
  isOver (): boolean
  /** An earlier deadline: this one, or `seconds` from now. */
  within (seconds: number): Deadline
}

/**
 * Milliseconds between two looks at the calls that are waiting, and so how late a call may be given up. One
 * timer for all of them costs a fraction of a timer for each.
 */
const LOOK_EVERY = 25

/** A call that was waiting for its answer when somebody last looked. */
interface Waiting {
  /** The deadline on the clock of `performance`, in milliseconds. */
  readonly end: number
  /** Null once the answer is there. */
  giveUp: (() => void) | null
}

/** Calls join at the end, and leave with the look after their answer. */
let waiting: Waiting[] = []

/** A deadline `seconds` from now. Real time, not the injected clock: it limits how long a caller waits. */
export function deadlineIn (seconds: number): Deadline {
  return new Moment(performance.now() + seconds * 1000, seconds)
}

/** A class, because each guarded request makes one: a closure for each method would cost it more. */
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

/** Gives up the calls whose deadline has passed, and looks again as long as others are waiting. */
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
