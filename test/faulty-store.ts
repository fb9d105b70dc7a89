import { memoryStore, type EntityStore } from '../src/index.js'
import { untyped } from './untyped.js'

/** A store that counts how often it is asked, and that can be broken and mended. */
export interface FaultyStore extends EntityStore {
  /** Calls so far. */
  readonly calls: number
  /** From now on, `answer` is called in the place of a method, and returns whatever it likes. */
  break (method: Method, answer: Answer): void
  /** From now on, everything works again. */
  mend (): void
}

type Method = 'get' | 'replace'
type Answer = (...args: unknown[]) => unknown

/** A store in front of `store` that does what it does, until it is broken. */
export function faultyStore (store: EntityStore = memoryStore()): FaultyStore {
  const broken = new Map<Method, Answer>()
  let calls = 0

  return {
    get calls () { return calls },
    break: (method, answer) => { broken.set(method, answer) },
    mend: () => broken.clear(),

    get (key) {
      calls++
      const answer = broken.get('get')
      return answer === undefined ? store.get(key) : untyped(answer(key))
    },

    replace (key, expected, next) {
      calls++
      const answer = broken.get('replace')
      return answer === undefined
        ? store.replace(key, expected, next)
        : untyped(answer(key, expected, next))
    }
  }
}
