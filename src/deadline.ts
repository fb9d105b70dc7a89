/** A moment by which all the calls of one use case have to be answered, however many they are. */
export interface Deadline {
  /** The answer of `call`, or a rejection when it doesn't come in time. What comes later is ignored. */
  race<T> (call: () => Promise<T>): Promise<T>
}

/** A deadline `seconds` from now. Real time, not the injected clock: it is about how long a caller waits. */
export function deadlineIn (seconds: number): Deadline {
  const end = performance.now() + seconds * 1000

  return {
    async race (call) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_resolve, reject) => {
        const remaining = Math.max(0, end - performance.now())
        timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), remaining)
      })
      try {
        return await Promise.race([call(), late])
      } finally {
        clearTimeout(timer)
      }
    }
  }
}
