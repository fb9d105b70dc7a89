import type { Pool } from 'pg'

/** A pool, and the statements that went through it. */
export interface WatchedPool {
  readonly client: Pool
  /** Their texts. */
  readonly sent: string[]
  /** The names of those that have one. */
  readonly names: string[]
}

/** The same pool, but it notes each statement, in whichever form `query` takes it. */
export function watchPool (pool: Pool): WatchedPool {
  const sent: string[] = []
  const names: string[] = []

  function query (...args: unknown[]): unknown {
    const [statement] = args
    if (typeof statement === 'string') sent.push(statement)
    if (isConfig(statement)) {
      sent.push(statement.text)
      if (statement.name !== undefined) names.push(statement.name)
    }
    return Reflect.apply(pool.query, pool, args)
  }

  const client = new Proxy(pool, {
    get: (target, name) => name === 'query' ? query : Reflect.get(target, name)
  })
  return { client, sent, names }
}

function isConfig (statement: unknown): statement is { readonly text: string, readonly name?: string } {
  return typeof statement === 'object' && statement !== null && 'text' in statement
}
