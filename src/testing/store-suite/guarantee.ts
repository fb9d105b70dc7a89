import type { Rule } from './rules.js'
import type { Note, Trial } from './trial.js'

/** One thing that a store guarantees. */
export interface Guarantee<Document extends Note = Note> {
  readonly rule: Rule
  /** The usual causes of a failure, for the store's author. */
  readonly lookFor: string
  /** Throws if the store breaks the guarantee. */
  verify (trial: Trial<Document>): Promise<void>
}

/** Guarantees by their names. */
export type Guarantees<Document extends Note = Note> = Readonly<Record<string, Guarantee<Document>>>
