/** Options of stores that this build may not know yet: a store ignores an option that it doesn't know. */
export interface StoreOptions {
  /** Whether PostgreSQL gets named statements, which it plans once. */
  readonly prepare?: boolean
  /** How much a store remembers of the documents that it has parsed; 0 is nothing. */
  readonly cacheSize?: number
}
