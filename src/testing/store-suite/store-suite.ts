import { randomBytes, randomInt } from 'node:crypto'
import type { EntityStore } from '../../documents/store.js'
import type { Bench } from './trial.js'
import { codes } from './codes.js'
import { documents } from './documents.js'
import { rejectsAll } from './failures.js'
import { keys } from './keys.js'
import { lists } from './lists.js'
import { randomFrom } from './random.js'
import { writes } from './writes.js'

const PROMISES = { ...writes, ...keys, ...documents, ...lists, ...codes }

/** Options of `storeSuite`. */
export interface StoreSuiteOptions {
  /**
   * Registers a test with your runner: `test` of `node:test` or of vitest, `t.test` of tap. It may run them
   * one after the other or at once.
   */
  readonly test: (name: string, run: () => Promise<void>) => unknown
  /**
   * Gives a store object; it is called twice, for what two instances of an application would have: two
   * objects, best with a connection each, on the same storage. A store for one process alone gives the same
   * object twice. Other documents may be in the storage, but are listed with the suite's own, so better an
   * empty one. Each test deletes what it kept; to close what was opened is up to you.
   */
  readonly factory: () => EntityStore | Promise<EntityStore>
  /** Gives a store object whose connection is broken. @default nothing is known of failures */
  readonly broken?: () => EntityStore | Promise<EntityStore>
  /** Decides what is written in which order; a test that fails tells it. @default a random one */
  readonly seed?: number
}

/** Registers a test for each promise that a store has to keep. */
export function storeSuite ({ test, factory, broken, seed = randomInt(2 ** 32) }: StoreSuiteOptions): void {
  const run = `suite-${randomBytes(6).toString('hex')}`
  let opened: Promise<readonly [EntityStore, EntityStore]> | undefined
  const open = async () => [await factory(), await factory()] as const

  for (const [index, [name, promise]] of Object.entries(PROMISES).entries()) {
    test(name, async () => {
      const [one, two] = await (opened ??= open())
      const { key, made } = keysOf(`${run}-${index}`)
      try {
        await promise({ one, two, key, random: randomFrom(seed) })
      } catch (error) {
        throw new Error(`${messageOf(error)}\n(seed ${seed}, keys of ${run})`, { cause: error })
      } finally {
        await Promise.all([...made].map(async key => await remove(one, key)))
      }
    })
  }

  if (broken === undefined) return
  test('a broken connection is a rejection, and never false or null', async () => {
    await rejectsAll(await broken())
  })
}

/** Keys that nobody else has, as far as they were asked for. */
function keysOf (owner: string): { readonly key: Bench['key'], readonly made: ReadonlySet<string> } {
  const made = new Set<string>()
  return {
    made,
    key (name, door = 'identity') {
      const key = `${door}:${owner}-${name}`
      made.add(key)
      return key
    }
  }
}

function messageOf (error: unknown): string {
  return error instanceof Error ? error.message.trimEnd() : String(error)
}

/** Where that fails, the test has failed already. */
async function remove (store: EntityStore, key: string): Promise<void> {
  try {
    const kept = await store.get(key)
    if (kept !== null) await store.replace(key, kept.revision, null)
  } catch {}
}
