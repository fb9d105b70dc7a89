import { isDeepStrictEqual } from 'node:util'
import type { Store } from '../../documents/store.js'
import { replaceText } from './calls.js'
import { firstDifference } from './difference.js'
import { shown, shownKey } from './shown.js'
import type { Note } from './trial.js'

/** A store broke a guarantee. The message says what happened, and what should have. */
export class BrokenGuarantee extends Error {
  override readonly name = 'BrokenGuarantee'
  /** The calls of this key led there. */
  readonly key: string | undefined

  constructor (message: string, key?: string) {
    super(message)
    this.key = key
  }
}

/** Requires that the store reads this document; null stands for none. Returns what it read. */
export async function reads<Document extends Note> (
  store: Store<Document>, key: string, expected: Document | null
): Promise<Document | null> {
  const actual = await store.get(key)
  if (isDeepStrictEqual(actual, expected)) return actual
  throw new BrokenGuarantee(misread(key, expected, actual), key)
}

/** Requires that the store replaces revision `expected`, which is stored; null stands for absence. */
export async function wins<Document extends Note> (
  store: Store<Document>, key: string, expected: number | null, next: Document | null
): Promise<void> {
  const actual: unknown = await store.replace(key, expected, next)
  if (actual === true) return
  const stored = expected === null ? 'nothing is stored under this key' : `revision ${expected} is stored`
  throw new BrokenGuarantee(
    `${replaceText(key, expected, next)} resolved ${shown(actual)}, but ${stored}: it should have resolved true.`, key)
}

/** Requires that the store replaces nothing, because `stored` isn't revision `expected`. */
export async function loses<Document extends Note> (
  store: Store<Document>, key: string, expected: number | null, next: Document | null, stored: Note | null
): Promise<void> {
  const actual: unknown = await store.replace(key, expected, next)
  if (actual === false) return
  throw new BrokenGuarantee(
    `${replaceText(key, expected, next)} resolved ${shown(actual)}, but ${stateOf(stored)}: ` +
    'it should have changed nothing and resolved false.', key)
}

/** Requires that one of many simultaneous writes of this key won. Returns its index. */
export function oneWins (key: string, writes: string, answers: readonly unknown[]): number {
  const odd = answers.find(answer => typeof answer !== 'boolean')
  if (odd !== undefined) {
    throw new BrokenGuarantee(`replace resolved ${shown(odd)}, which is neither true nor false.`, key)
  }
  const winners = answers.filter(Boolean).length
  if (winners === 1) return answers.indexOf(true)
  throw new BrokenGuarantee(
    `${winners} of ${answers.length} simultaneous ${writes} of ${shownKey(key)} resolved true, instead of exactly one.`, key)
}

function stateOf (stored: Note | null): string {
  return stored === null ? 'nothing is stored under this key' : `revision ${stored.revision} is stored`
}

function misread (key: string, expected: Note | null, actual: unknown): string {
  const got = `get(${shownKey(key)}) resolved`
  if (expected === null) return `${got} ${shown(actual)}, but nothing is stored under this key: it should be null.`
  const difference = actual instanceof Object ? firstDifference(expected, actual) : null
  if (difference === null || difference.path === '') return `${got} ${shown(actual)}, but ${shown(expected)} was written.`
  const { path, written, read } = difference
  return `${got} a document that differs in "${path}" from the one that was written last: ` +
    `written ${shown(written)}, read ${shown(read)}.`
}
