import type { Store } from '../../documents/store.js'
import { shown, shownKey } from './shown.js'
import type { Note } from './trial.js'

/** One call of a store, and its outcome. */
export interface Call {
  /** Undefined for `list`. */
  readonly key: string | undefined
  /** The call as text, with its arguments. */
  readonly text: string
  readonly outcome: string
  /** Whether the store rejected. */
  readonly failed: boolean
}

/** A store that does the same, and adds each call to `calls` once it has its outcome. */
export function recorded<Document extends Note> (
  store: Store<Document>, instance: string, calls: Call[]
): Store<Document> {
  async function record<T> (key: string | undefined, text: string, call: () => Promise<T>): Promise<T> {
    const add = (outcome: string, failed: boolean) => calls.push({ key, text: `${instance}: ${text}`, outcome, failed })
    try {
      const answer = await call()
      add(`resolved ${Array.isArray(answer) ? `${answer.length} keys` : shown(answer)}`, false)
      return answer
    } catch (error) {
      add(`rejected: ${messageOf(error)}`, true)
      throw error
    }
  }

  const list = store.list?.bind(store)
  return {
    get: async key => await record(key, `get(${shownKey(key)})`, async () => await store.get(key)),
    replace: async (key, expected, next) => await record(
      key, replaceText(key, expected, next), async () => await store.replace(key, expected, next)),
    ...list !== undefined && {
      list: async (after: string | undefined, limit: number) => await record(
        undefined, listText(after, limit), async () => await list(after, limit))
    }
  }
}

export function replaceText (key: string, expected: number | null, next: Note | null): string {
  return `replace(${shownKey(key)}, ${expected}, ${shown(next)})`
}

export function listText (after: string | undefined, limit: number): string {
  return `list(${after === undefined ? after : shownKey(after)}, ${limit})`
}

export function messageOf (error: unknown): string {
  return error instanceof Error ? error.message.trimEnd() : String(error)
}
