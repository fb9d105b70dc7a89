import type { Store } from '../../documents/store.js'
import type { Random } from './random.js'

/** A document of no more than what a store may look at, and something that it may not. */
export interface Note {
  readonly revision: number
  readonly content?: unknown
}

/** What a promise is tried on. */
export interface Bench<Document extends Note = Note> {
  readonly one: Store<Document>
  /** Another object on the same storage, as another instance of the application has it. */
  readonly two: Store<Document>
  /** A key of this test alone; what is kept under it is deleted afterwards. */
  key (name: string, door?: string): string
  readonly random: Random
}

/** Promises by their names; one that is not kept throws. */
export type Promises<Document extends Note = Note> =
  Readonly<Record<string, (bench: Bench<Document>) => Promise<void>>>

/** A document of a revision. */
export function note (revision: number, content: unknown = null): Note {
  return { revision, content }
}

/** What comes of `count` calls at once, in turn on either of two instances. */
export async function atOnce<Instance, T> (
  { one, two }: { readonly one: Instance, readonly two: Instance },
  count: number,
  call: (instance: Instance, index: number) => Promise<T>
): Promise<T[]> {
  return await Promise.all(Array.from({ length: count }, async (_, index) =>
    await call(index % 2 === 0 ? one : two, index)))
}
