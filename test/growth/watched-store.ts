import { memoryStore, type Entity, type EntityStore } from '../../src/index.js'

/** The lists of a document, by the most that any document had of them. */
type Peaks = Readonly<Record<
  'factors' | 'approvals' | 'formerMarks' | 'withdrawn' | 'pending' | 'leftovers' | 'spent' | 'created' |
  'recoveryCodes' | 'browsers',
  number
>>

/** A store that looks at every document which is written. */
export interface WatchedStore extends EntityStore {
  readonly writes: number
  /** Bytes of the largest document so far. */
  readonly largest: number
  /** The document that was written last. */
  readonly latest: Entity | null
  readonly peaks: Peaks
}

/** Rejects a document that is larger than `bound`. */
export function watchedStore (bound: number): WatchedStore {
  const inner = memoryStore()
  let [writes, largest] = [0, 0]
  let latest: Entity | null = null
  let peaks: Peaks = {
    factors: 0,
    approvals: 0,
    formerMarks: 0,
    withdrawn: 0,
    pending: 0,
    leftovers: 0,
    spent: 0,
    created: 0,
    recoveryCodes: 0,
    browsers: 0
  }

  return {
    get writes () { return writes },
    get largest () { return largest },
    get latest () { return latest },
    get peaks () { return peaks },
    get: inner.get,

    async replace (key, expected, next) {
      const size = bytesOf(next)
      if (size > bound) throw new Error(`a document has ${size} bytes, and may have ${bound}`)
      writes++
      largest = Math.max(largest, size)
      latest = next
      if (next !== null) peaks = higher(peaks, next)
      return await inner.replace(key, expected, next)
    }
  }
}

/** Bytes of a document as stores keep it. */
export function bytesOf (document: Entity | null): number {
  return Buffer.byteLength(JSON.stringify(document))
}

function higher (
  peaks: Peaks, { factors, approvals, withdrawn, leftovers, attempts, recoveryCodes, browsers }: Entity
): Peaks {
  const remote = factors.flatMap(factor => factor.provider === 'twilio' ? [factor] : [])
  const most = (lists: ReadonlyArray<readonly unknown[]>) => Math.max(0, ...lists.map(({ length }) => length))
  return {
    factors: Math.max(peaks.factors, factors.length),
    approvals: Math.max(peaks.approvals, approvals.length),
    formerMarks: Math.max(peaks.formerMarks, most(approvals.map(({ formerMarks }) => formerMarks))),
    withdrawn: Math.max(peaks.withdrawn, withdrawn.length),
    pending: Math.max(peaks.pending, attempts.pending.length),
    leftovers: Math.max(peaks.leftovers, leftovers.length),
    recoveryCodes: Math.max(peaks.recoveryCodes, recoveryCodes.length),
    browsers: Math.max(peaks.browsers, browsers.length),
    spent: Math.max(peaks.spent, most(remote.map(({ spent }) => spent))),
    created: Math.max(peaks.created, most(remote.map(({ created }) => created)))
  }
}
