import { sender, type Ask, type Send } from './browser.js'
import { carryOut } from './orders.js'
import { pacemaker } from './pace.js'
import { visitorsAt, type Visitors } from './visitors.js'

/** Orders of the load's process: people move in at the server of a port, or come there for a while. */
export type LoadOrder =
  | { readonly port: number, readonly settle: number, readonly guarded: boolean }
  | { readonly port: number, readonly perSecond: number, readonly seconds: number }

/** What was asked for, and how often. */
export type Asked = Readonly<Record<string, number>>

const CONNECTIONS = 64

const visitors = new Map<number, Visitors>()
let asked: Record<string, number> = {}
let pace = async () => {}

await carryOut<LoadOrder>(async order => {
  asked = {}
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
  return asked
})

function paced (port: number): Send {
  const send = sender(port, CONNECTIONS)
  return async (browser, ask) => {
    await pace()
    const kind = kindOf(ask)
    asked[kind] = (asked[kind] ?? 0) + 1
    return await send(browser, ask)
  }
}

function kindOf ({ method, path, status }: Ask): string {
  const refused = status < 400 ? '' : ` (${status})`
  return `${method} ${path.replace(/YF\w+/, ':sid')}${refused}`
}
