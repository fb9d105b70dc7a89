import { InvalidOptionError } from '../errors.js'
import { freezeDocument } from '../documents/frozen.js'

/**
 * Documents by their texts, as the database last had them. The database is asked for the text every time, but
 * a text that hasn't changed isn't parsed and checked again.
 */
export interface DocumentCache<Document> {
  /** The document of a text: the same frozen object as before, if the text hasn't changed. */
  documentOf (key: string, text: string): Document
  /** Remembers the document that was written as this text. */
  remember (key: string, text: string, document: Document): void
}

/** Characters of text that a store caches. The parsed documents take about four times as much. */
export const DEFAULT_CACHE_SIZE = 4_000_000

/** Caches up to `size` characters of text. The documents used longest ago are dropped first. */
export function documentCache<Document extends object> (
  size: number, parse: (text: string) => Document
): DocumentCache<Document> {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new InvalidOptionError('cacheSize', 'must be an integer of 0 or more')
  }
  /** In the order of their last use. */
  const entries = new Map<string, { readonly text: string, readonly document: Document }>()
  let used = 0

  function drop (key: string): void {
    used -= entries.get(key)?.text.length ?? 0
    entries.delete(key)
  }

  function remember (key: string, text: string, document: Document): void {
    drop(key)
    if (text.length > size) return
    entries.set(key, { text, document: freezeDocument(document) })
    used += text.length
    for (const oldest of entries.keys()) {
      if (used <= size) break
      drop(oldest)
    }
  }

  return {
    remember,

    documentOf (key, text) {
      const entry = entries.get(key)
      if (entry?.text !== text) {
        const document = parse(text)
        remember(key, text, document)
        return document
      }
      entries.delete(key)
      entries.set(key, entry)
      return entry.document
    }
  }
}
