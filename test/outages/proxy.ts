import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { gate, type Gate } from '../gate.js'

/** Picks out what a client sends. */
export type Fits = (chunk: Buffer) => boolean

/** Stands between a client and its database, and does to their connections what networks do. */
export interface Proxy {
  readonly port: number
  /** From now on each chunk is under way for up to so many seconds, more often few than many. */
  slow (seconds: number): void
  /** Holds chunks that fit, the first so many, and all behind them on their connections. */
  hold (fits: Fits, count?: number): void
  /**
   * Resets the connection of the next chunk that fits: before the database has it, or once it has answered
   * what its client then never hears. Resolves when that was done.
   */
  reset (when: 'before' | 'after', fits: Fits): Promise<void>
  /** Every connection has lost its database's end, and its client isn't told. */
  abandon (): void
  /** Nothing listens any more, and all connections are reset. */
  refuse (): Promise<void>
  /** Is a good proxy from now on. Resolves when the database has answered what was held, whoever asked. */
  heal (): Promise<void>
  close (): Promise<void>
}

interface Link {
  readonly client: Socket
  readonly server: Socket
  /** What was held of it has been answered, or never will be. */
  answered: Promise<unknown> | null
  /** Is to be reset at the next answer. */
  condemned: Gate | null
  abandoned: boolean
}

interface Trap {
  readonly when: 'before' | 'after'
  readonly fits: Fits
  readonly sprung: Gate
}

/** A proxy in front of a port of this machine. */
export async function proxyTo (port: number): Promise<Proxy> {
  const links = new Set<Link>()
  let slowness = 0
  let trap: Trap | null = null
  let holding: { readonly fits: Fits, readonly end: Gate, left: number } | null = null

  const listener = createServer(client => {
    const link: Link = {
      client, server: connect(port, '127.0.0.1'), answered: null, condemned: null, abandoned: false
    }
    links.add(link)
    client.on('error', () => {})
    link.server.on('error', () => {})
    forward(link, client, link.server, chunk => asked(link, chunk))
    forward(link, link.server, client, chunk => answered(link, chunk))
  })

  /** In order: no chunk is faster than the one before it, and the end of the connection comes last. */
  function forward (
    link: Link, from: Socket, to: Socket, deliver: (chunk: Buffer) => Promise<void> | void
  ): void {
    let before = Promise.resolve()
    from.on('data', (chunk: Buffer) => {
      const travel = slowness === 0 ? null : pause(slowness * 1000 * Math.random() ** 4)
      before = before.then(async () => {
        await travel
        await deliver(chunk)
      })
    })
    from.once('close', () => {
      before = before.then(() => { if (!link.abandoned) to.end() })
    })
  }

  async function asked (link: Link, chunk: Buffer): Promise<void> {
    if (link.abandoned) return
    if (trap?.fits(chunk) === true) {
      const { when, sprung } = trap
      trap = null
      if (when === 'before') return reset(link, sprung)
      link.condemned = sprung
    }
    if (holding !== null && holding.left > 0 && holding.fits(chunk)) {
      holding.left--
      const { server } = link
      link.answered = new Promise(resolve => server.once('data', resolve).once('close', resolve))
      await holding.end.passed
    }
    link.server.write(chunk)
  }

  function answered (link: Link, chunk: Buffer): void {
    if (link.condemned !== null) return reset(link, link.condemned)
    if (!link.client.destroyed) link.client.write(chunk)
  }

  function reset ({ client, server }: Link, sprung?: Gate): void {
    client.resetAndDestroy()
    server.destroy()
    sprung?.open()
  }

  async function listen (port: number): Promise<number> {
    listener.listen(port, '127.0.0.1')
    await once(listener, 'listening')
    const address = listener.address()
    return typeof address === 'object' ? address?.port ?? 0 : 0
  }

  async function refuse (): Promise<void> {
    if (!listener.listening) return
    const closed = once(listener, 'close')
    listener.close()
    for (const link of links) reset(link)
    await closed
  }

  const own = await listen(0)

  return {
    port: own,
    slow (seconds) { slowness = seconds },

    hold (fits, count = Infinity) {
      holding = { fits, end: gate(), left: count }
    },

    async reset (when, fits) {
      const sprung = gate()
      trap = { when, fits, sprung }
      await sprung.passed
    },

    abandon () {
      for (const link of links) {
        link.abandoned = true
        link.server.destroy()
      }
    },

    refuse,

    async heal () {
      slowness = 0
      trap = null
      holding?.end.open()
      holding = null
      if (!listener.listening) await listen(own)
      await Promise.all([...links].map(async ({ answered }) => await answered))
    },

    async close () {
      holding?.end.open()
      await refuse()
    }
  }
}
