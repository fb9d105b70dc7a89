import { randomBytes, randomInt } from 'node:crypto'
import type { EntityStore } from '../../documents/store.js'
import { recorded, type Call } from './calls.js'
import { codes } from './codes.js'
import { documents } from './documents.js'
import { failureMessage } from './failure-message.js'
import { failures } from './failures.js'
import { keys } from './keys.js'
import { lists } from './lists.js'
import { randomFrom } from './random.js'
import type { Trial } from './trial.js'
import { writes } from './writes.js'

const GUARANTEES = { ...writes, ...keys, ...documents, ...lists, ...codes }

/** Options of `storeSuite`. */
export interface StoreSuiteOptions {
  /**
   * Registers a test with your runner: `test` of `node:test` or of vitest, `t.test` of tap. The tests may run
   * one after the other or at the same time.
   */
  readonly test: (name: string, run: () => Promise<void>) => unknown
  /**
   * Returns a store object. It is called twice, for two instances of an application: return two objects on
   * the same storage, each with its own connection if possible. For a store of a single process, return the
   * same object twice. Use empty storage: other documents do no harm, but the suite lists them too. Each test
   * deletes its own documents; closing connections is up to you.
   */
  readonly factory: () => EntityStore | Promise<EntityStore>
  /** Returns a store object whose connection is broken. @default failures aren't tested */
  readonly broken?: () => EntityStore | Promise<EntityStore>
  /** Seed of the random writes. A failure names it, and the same seed repeats them. @default a random one */
  readonly seed?: number
}

/** Registers one test for everything that a store has to guarantee. */
export function storeSuite ({ test, factory, broken, seed = randomInt(2 ** 32) }: StoreSuiteOptions): void {
  const run = `suite-${randomBytes(6).toString('hex')}`
  let opened: Promise<readonly [EntityStore, EntityStore]> | undefined
  const open = async () => [await factory(), await factory()] as const

  for (const [index, [name, guarantee]] of Object.entries(GUARANTEES).entries()) {
    test(name, async () => {
      const [one, two] = await (opened ??= open())
      const calls: Call[] = []
      const { key, made } = keysOf(`${run}-${index}`)
      try {
        await guarantee.verify({
          one: recorded(one, 'first instance', calls),
          two: recorded(two, 'second instance', calls),
          key,
          random: randomFrom(seed)
        })
      } catch (error) {
        const message = failureMessage(error, { ...guarantee, calls })
        throw new Error(`${message}\n(seed ${seed}, keys of ${run})`, { cause: error })
      } finally {
        await Promise.all([...made].map(async key => await remove(one, key)))
      }
    })
  }

  if (broken === undefined) return
  test('a broken connection is a rejection, never false or null', async () => {
    const store = await broken()
    try {
      await failures.verify(store)
    } catch (error) {
      throw new Error(failureMessage(error, { ...failures, calls: [] }), { cause: error })
    }
  })
}

/** Creates keys that only this test uses, and remembers them. */
function keysOf (owner: string): { readonly key: Trial['key'], readonly made: ReadonlySet<string> } {
  const made = new Set<string>()
  return {
    made,
    key (name, namespace = 'identity') {
      const key = `${namespace}:${owner}-${name}`
      made.add(key)
      return key
    }
  }
}

/** Errors are ignored: if the store fails here, the test has failed already. */
async function remove (store: EntityStore, key: string): Promise<void> {
  try {
    const kept = await store.get(key)
    if (kept !== null) await store.replace(key, kept.revision, null)
  } catch {}
}
