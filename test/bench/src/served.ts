import { fork, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Aim, Order, Requests } from './load.js'
import type { Question } from './servers/answering.js'

/** Where servers run, and where what keeps them busy. */
export const [SERVER_CORE, LOAD_CORE] = [0, 1]
/** Whether a process can be kept on its core here. */
export const PINNED = [SERVER_CORE, LOAD_CORE].every(core => {
  return spawnSync('taskset', ['-c', `${core}`, 'true']).status === 0
})

/** A server in a process of its own. */
export interface Served {
  /** What to send in the next turn. */
  requests (name: string): Promise<Requests>
  /** Processor time that it has used so far, in microseconds, on all its threads. */
  cpu (): Promise<number>
  close (): void
}

/** Starts what a file of `servers` serves. It idles until it is asked. */
export function served (name: string): Served {
  const { ask, close } = childOf(`./servers/${name}.js`, SERVER_CORE)
  return {
    requests: async name => await ask<Requests>({ requests: name } satisfies Question),
    cpu: async () => await ask<number>('cpu' satisfies Question),
    close
  }
}

/** The load generator, in a process of its own. */
export interface LoadGenerator {
  /** Writes the requests and opens the connections. */
  aim (aim: Aim): Promise<void>
  /** Sends so many of the requests, and answers the seconds that all took. */
  fire (count: number): Promise<number>
  close (): void
}

/** Starts the load generator. It ends, and says what it saw, when an answer isn't the expected one. */
export function loadGenerator (): LoadGenerator {
  const { ask, close } = childOf('./load.js', LOAD_CORE)
  return {
    async aim (aim) { await ask<'ready'>(aim satisfies Order) },
    fire: async count => await ask<number>({ count } satisfies Order),
    close
  }
}

interface Child {
  ask<Answer> (question: object | string): Promise<Answer>
  close (): void
}

function childOf (file: string, core: number): Child {
  const child = forked(new URL(file, import.meta.url), core)
  const ended = new AbortController()
  child.once('exit', (status, signal) => ended.abort(new Error(`${file} ended with ${status ?? signal}`)))
  return {
    async ask (question) {
      const answer = once(child, 'message', { signal: ended.signal })
      child.send(question)
      const [told] = await answer
      return told
    },
    close () { child.kill() }
  }
}

function forked (file: URL, core: number): ChildProcess {
  const env = { ...process.env, NODE_ENV: 'production' }
  if (!PINNED) return fork(file, { env })
  return fork(file, { env, execPath: 'taskset', execArgv: ['-c', `${core}`, process.execPath] })
}
