import { fork, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Aim, Order, Requests } from './load.js'
import type { Question } from './servers/answer-bench.js'

/** The core of servers, and the core of the load generator. */
export const [SERVER_CORE, LOAD_CORE] = [0, 1]
/** Whether a process can be kept on its core here. */
export const PINNED = [SERVER_CORE, LOAD_CORE].every(core => {
  return spawnSync('taskset', ['-c', `${core}`, 'true']).status === 0
})

/** A server in a process of its own. */
export interface ServerProcess {
  /** The requests of the next turn, by the server's name for them. */
  requests (name: string): Promise<Requests>
  /** Processor time that it has used so far, in microseconds, on all its threads. */
  cpu (): Promise<number>
  close (): void
}

/** Starts a file of `servers`, which then idles until it gets requests. */
export function startServer (name: string): ServerProcess {
  const { ask, close } = startChild(`./servers/${name}.js`, SERVER_CORE)
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
  /** Sends this many of the requests; resolves to the seconds until the last answer. */
  fire (count: number): Promise<number>
  close (): void
}

/** Starts the load generator. An unexpected answer ends it, and it prints that answer. */
export function startLoadGenerator (): LoadGenerator {
  const { ask, close } = startChild('./load.js', LOAD_CORE)
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

function startChild (file: string, core: number): Child {
  const child = forkOn(core, new URL(file, import.meta.url))
  const ended = new AbortController()
  child.once('exit', (status, signal) => ended.abort(new Error(`${file} ended with ${status ?? signal}`)))
  return {
    async ask (question) {
      const message = once(child, 'message', { signal: ended.signal })
      child.send(question)
      const [answer] = await message
      return answer
    },
    close () { child.kill() }
  }
}

function forkOn (core: number, file: URL): ChildProcess {
  const env = { ...process.env, NODE_ENV: 'production' }
  if (!PINNED) return fork(file, { env })
  return fork(file, { env, execPath: 'taskset', execArgv: ['-c', `${core}`, process.execPath] })
}
