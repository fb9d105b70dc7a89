/** The documents that this process froze. */
const frozen = new WeakSet<object>()

/** Freezes a document and everything in it, so code that holds it can rely on it. */
export function freezeDocument<Document extends object> (document: Document): Document {
  if (!frozen.has(document)) {
    freeze(document)
    frozen.add(document)
  }
  return document
}

/** True for a document that `freezeDocument` froze, which hasn't changed since. */
export function isFrozenDocument (document: object): boolean {
  return frozen.has(document)
}

/** Descends into frozen objects too: a store may have frozen only the document itself. */
function freeze (value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const part of Object.values(value)) freeze(part)
  Object.freeze(value)
}
