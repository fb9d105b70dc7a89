/** A moment by which all the calls of one use case have to be answered, however many they are. */
export interface Deadline {
  /** The answer of `call`, or a rejection when it doesn't come in time. What comes later is ignored. */
  race<T> (call: () => T | PromiseLike<T>): Promise<T>
  isOver (): boolean
  /** An earlier deadline: this one, or `seconds` from now. */
  within (seconds: number): Deadline
}

/** A deadline `seconds` from now. Real time, not the injected clock: it is about how long a caller waits. */
export function deadlineIn (seconds: number): Deadline {
  return deadlineAt(performance.now() + seconds * 1000, seconds)
}

function deadlineAt (end: number, seconds: number): Deadline {
  return {
    isOver: () => performance.now() >= end,
    within: less => deadlineAt(Math.min(end, performance.now() + less * 1000), less),

    race (call) {
      return new Promise((resolve, reject) => {
        const answer = call()
        if (!isPromiseLike(answer)) return resolve(answer)
        // Node.js has a list of timers for each duration: whole milliseconds keep them few.
        const remaining = Math.ceil(Math.max(0, end - performance.now()))
        const timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), remaining)
        Promise.resolve(answer).then(value => {
          clearTimeout(timer)
          resolve(value)
        }, error => {
          clearTimeout(timer)
          reject(error)
        })
      })
    }
  }
}

function isPromiseLike<T> (answer: T | PromiseLike<T>): answer is PromiseLike<T> {
  const mayBe = (typeof answer === 'object' && answer !== null) || typeof answer === 'function'
  return mayBe && 'then' in answer && typeof answer.then === 'function'
}
