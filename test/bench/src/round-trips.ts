import type { FastifyInstance } from 'fastify'
import type { EntityStore } from '../../../dist/index.js'
import type { Crowd } from './crowd.js'

/** A store that can be asked what it has sent to its database: a text for each round trip. */
export interface WatchedStore {
  readonly store: EntityStore
  readonly sent: string[]
}

/** What an operation takes. */
export type Calls = ReadonlyArray<'read' | 'write'>

/** What one operation came down to. */
export interface RoundTrips {
  /** The texts that went to the database. */
  readonly sent: readonly string[]
  /** The same, for people. */
  readonly remark: string
}

/**
 * Watches an operation, outside of any measurement, and throws when it isn't what was `expected`. The first
 * one doesn't count: with it the store looks at its client, or at the server.
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
