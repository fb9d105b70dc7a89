import { isPromiseLike } from './now-or-later.js'

/** The moment by which all calls of one use case must be answered. */
export interface Deadline {
  /** Makes the call and waits for its answer. Rejects at the deadline, and ignores an answer after that. */
  call<T> (call: () => T | PromiseLike<T>): Promise<T>
  /** Does the same with the answer to a call that was made already. */
  waitFor<T> (answer: PromiseLike<T>): Promise<T>
  isOver (): boolean
  /** An earlier deadline: this one, or `seconds` from now. */
  within (seconds: number): Deadline
}

/**
 * Milliseconds between two looks at the waiting calls: a call is timed out at most this late. One timer for
 * all calls costs a fraction of one timer for each.
 */
const CHECK_EVERY = 25

/**
 * A call that waits for its answer, between two others in a ring. It is a ring because a call must be able to
 * leave at once: calls that stay until the next look cost more than a timer each.
 */
class WaitingCall {
  before: WaitingCall = this
  after: WaitingCall = this
  /** The deadline on the clock of `performance`, in milliseconds. */
  readonly end: number
  readonly #seconds: number
  readonly #reject: (error: Error) => void

  constructor (end: number, seconds: number, reject: (error: Error) => void) {
    this.end = end
    this.#seconds = seconds
    this.#reject = reject
  }

  giveUp (): void {
    this.#reject(new Error(`no answer within ${this.#seconds} s`))
  }

  /** Joins the ring of another call, as its last. */
  join (first: WaitingCall): void {
    this.before = first.before
    this.after = first
    first.before.after = this
    first.before = this
  }

  /** Leaves the ring. Leaving twice is the same as leaving once: an answer may come after the deadline. */
  leave (): void {
    this.before.after = this.after
    this.after.before = this.before
    this.before = this.after = this
  }
}

/** Where the ring of waiting calls begins and ends; not a call itself. */
const ring = new WaitingCall(Infinity, Infinity, () => {})
let isChecking = false

/** A deadline `seconds` from now. Real time, not the injected clock: it limits how long a caller waits. */
export function deadlineIn (seconds: number): Deadline {
  return new RealDeadline(performance.now() + seconds * 1000, seconds)
}

/** A class, because every guarded request creates one, and a closure for each method would cost more. */
class RealDeadline implements Deadline {
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
    return new RealDeadline(Math.min(this.#end, performance.now() + seconds * 1000), seconds)
  }

  async call<T> (call: () => T | PromiseLike<T>): Promise<T> {
    const answer = call()
    return isPromiseLike(answer) ? await this.waitFor(answer) : answer
  }

  waitFor<T> (answer: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = new WaitingCall(this.#end, this.#seconds, reject)
      waiting.join(ring)
      if (!isChecking) checkLater()
      Promise.resolve(answer).then(value => {
        waiting.leave()
        resolve(value)
      }, error => {
        waiting.leave()
        reject(error)
      })
    })
  }
}

function checkLater (): void {
  isChecking = true
  setTimeout(check, CHECK_EVERY)
}

/** Times out the calls whose deadline has passed, and looks again while others are waiting. */
function check (): void {
  isChecking = false
  const now = performance.now()
  for (let call = ring.after; call !== ring;) {
    const { after } = call
    if (call.end <= now) {
      call.leave()
      call.giveUp()
    }
    call = after
  }
  if (ring.after !== ring) checkLater()
}
