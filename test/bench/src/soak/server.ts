import { carryOut } from './orders.js'
import { textSessions } from './sessions.js'
import { bareSite, guardedSite } from './site.js'
import { watch, type Watched } from './watch.js'

/** Orders to the server's process. */
export type ServerOrder = 'listen' | 'begin' | 'end'

/** The answer to `listen`. */
export interface Listening {
  readonly port: number
}

/** The answer to `end`. */
export interface ServerTurn extends Watched {
  /** Sessions that were not logged out. */
  readonly sessions: number
}

const sessions = textSessions()
const app = process.argv[2] === 'guarded' ? await guardedSite(sessions) : await bareSite(sessions)
let seen: (() => Watched) | null = null

await carryOut<ServerOrder>(async order => {
  switch (order) {
    case 'listen': {
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      return { port: Number(new URL(url).port) }
    }
    case 'begin':
      seen = watch()
      return {}
    case 'end':
      return { ...seen?.(), sessions: sessions.size() }
  }
})
