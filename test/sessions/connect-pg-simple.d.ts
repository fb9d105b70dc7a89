declare module 'connect-pg-simple' {
  import type session from 'express-session'
  import type { Pool } from 'pg'

  interface Options {
    readonly pool: Pool
    readonly tableName: string
    readonly createTableIfMissing: boolean
    readonly pruneSessionInterval: number | false
  }
  interface PgStore extends session.Store { close (): Promise<void> }
  export default function connect (library: typeof session): new (options: Options) => PgStore
}
