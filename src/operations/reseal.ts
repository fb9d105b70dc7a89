import { isDeepStrictEqual } from 'node:util'
import { inBatches } from '../in-batches.js'
import { resealed } from '../providers/resealed.js'
import { keyOf } from '../verifier/entities.js'
import {
  BATCH_SIZE, entitiesIn, keyringOf, listIdentities, operation, orRefused, type RefusedIdentity,
  type ScanOptions
} from './scan.js'

/** Options of `reseal`. */
export interface ResealOptions extends ScanOptions {
  /** The keys of the plugin. The first one seals; all of them open. */
  readonly keys: readonly Uint8Array[]
}

/** The outcome of `reseal` for one identity. */
export interface ResealedIdentity {
  readonly identity: string
  /** `current` if the first key sealed everything already, so nothing was written. */
  readonly status: 'resealed' | 'current'
}

/**
 * Seals all secrets of the plugin with the first key, while servers run. Make that key the first key of every
 * server before, and keep a copy: without its key a secret is lost. An interrupted run can be repeated, and
 * skips what is done. Rejects if the store fails.
 *
 * Once a run yields nothing but `current`, the other keys open nothing any more, except digests of codes that
 * Twilio accepted in the last minutes. Wait ten minutes, then remove the other keys.
 */
export const reseal = operation(resealAll)

async function * resealAll (
  { keys, ...options }: ResealOptions
): AsyncGenerator<ResealedIdentity | RefusedIdentity, void, undefined> {
  const keyring = keyringOf(keys)
  const entities = entitiesIn(options)

  yield * inBatches(BATCH_SIZE, listIdentities(options), async identity =>
    await orRefused(identity, async () => await entities.change<ResealedIdentity>(keyOf(identity), entity => {
      const next = entity && resealed(keyring, entity)
      return isDeepStrictEqual(next, entity)
        ? { answer: { identity, status: 'current' } }
        : { next, answer: { identity, status: 'resealed' } }
    })))
}
