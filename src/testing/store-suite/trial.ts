import type { Store } from '../../documents/store.js'
import type { Random } from './random.js'

/** A document with the revision, which a store may look at, and a content, which it may not. */
export interface Note {
  readonly revision: number
  readonly content?: unknown
}

/** The stores that a guarantee is verified on. */
export interface Trial<Document extends Note = Note> {
  readonly one: Store<Document>
  /** Another store object on the same storage, as another instance of the application has it. */
  readonly two: Store<Document>
  /** A key that only this test uses. Its document is deleted afterwards. */
  key (name: string, namespace?: string): string
  readonly random: Random
}

/** A document of this revision. */
export function note (revision: number, content: unknown = null): Note {
  return { revision, content }
}

/** Makes `count` calls at once, alternating between two instances. Resolves their answers. */
export async function alternating<Instance, T> (
  { one, two }: { readonly one: Instance, readonly two: Instance },
  count: number,
  call: (instance: Instance, index: number) => Promise<T>
): Promise<T[]> {
  return await Promise.all(Array.from({ length: count }, async (_, index) =>
    await call(index % 2 === 0 ? one : two, index)))
}
