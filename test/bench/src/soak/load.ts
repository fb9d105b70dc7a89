import { sender, type Ask, type Send } from './browser.js'
import { carryOut } from './orders.js'
import { pacemaker } from './pace.js'
import { visitorsAt, type Visitors } from './visitors.js'

/** Orders to the load's process: people settle at the server of a port, or visit it for a while. */
export type LoadOrder =
  | { readonly port: number, readonly settle: number, readonly guarded: boolean }
  | { readonly port: number, readonly perSecond: number, readonly seconds: number }

/** Requests of each kind. */
export type RequestCounts = Readonly<Record<string, number>>

const CONNECTIONS = 64

const visitors = new Map<number, Visitors>()
let counts: Record<string, number> = {}
let pace = async () => {}

await carryOut<LoadOrder>(async order => {
  counts = {}
  if ('settle' in order) {
    const { port, settle: people, guarded } = order
    const settlers = visitorsAt({ send: paced(port), guarded }, people, CONNECTIONS)
    visitors.set(port, settlers)
    pace = async () => {}
    await settlers.settle()
  } else {
    const { port, perSecond, seconds } = order
    pace = pacemaker(perSecond)
    await visitors.get(port)?.visit(seconds)
  }
  return counts
})

function paced (port: number): Send {
  const send = sender(port, CONNECTIONS)
  return async (browser, ask) => {
    await pace()
    const kind = kindOf(ask)
    counts[kind] = (counts[kind] ?? 0) + 1
    return await send(browser, ask)
  }
}

function kindOf ({ method, path, status }: Ask): string {
  const refused = status < 400 ? '' : ` (${status})`
  return `${method} ${path.replace(/YF\w+/, ':sid')}${refused}`
}
