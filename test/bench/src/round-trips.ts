import type { FastifyInstance } from 'fastify'
import type { EntityStore } from '../../../dist/index.js'
import type { Crowd } from './crowd.js'

/** A store and the texts that it has sent to its database, one for each round trip. */
export interface WatchedStore {
  readonly store: EntityStore
  readonly sent: string[]
}

/** The calls of a store that an operation makes. */
export type Calls = ReadonlyArray<'read' | 'write'>

/** The round trips of one operation. */
export interface RoundTrips {
  /** The texts that went to the database. */
  readonly sent: readonly string[]
  /** The same, for readers of the table. */
  readonly remark: string
}

/**
 * Counts the round trips of an operation, outside of any measurement, and throws if they aren't the expected
 * ones. The first operation doesn't count, because a store examines its client or its server then.
 */
export async function roundTripsOf (
  crowd: Crowd, { store, sent }: WatchedStore, expected: Calls,
  operate: (app: FastifyInstance) => Promise<unknown>
): Promise<RoundTrips> {
  const calls: Array<Calls[number]> = []
  const app = await crowd.serve({
    async get (key) {
      calls.push('read')
      return await store.get(key)
    },
    async replace (key, expected, next) {
      calls.push('write')
      return await store.replace(key, expected, next)
    }
  })
  await operate(app)
  calls.length = 0
  sent.length = 0
  await operate(app)
  if (calls.join() !== expected.join() || sent.length !== expected.length) {
    throw new Error(`expected ${expected.join()}, and it was ${calls.join()}, in ${sent.length} round trips`)
  }
  return { sent: [...sent], remark: `Round trips, counted: one ${calls.join(', one ')}.` }
}
