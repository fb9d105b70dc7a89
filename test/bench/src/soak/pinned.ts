import { fork } from 'node:child_process'
import { once } from 'node:events'
import { PINNED } from '../processes.js'

/** Another process, which carries out orders. */
export interface Pinned {
  /** Sends an order and resolves to its answer. Rejects if the process ends, after printing why. */
  ask<Answer> (order: object | string): Promise<Answer>
  close (): void
}

/** How a process runs. */
export interface Pin {
  /** The core that it stays on, where that can be chosen. */
  readonly core: number
  readonly flags?: readonly string[]
  readonly args?: readonly string[]
}

/** Starts a module of this folder as a process of its own. */
export function startPinned (module: string, { core, flags = [], args = [] }: Pin): Pinned {
  const env = { ...process.env, NODE_ENV: 'production' }
  const node = { execPath: process.execPath, execArgv: [...flags] }
  const pinned = { execPath: 'taskset', execArgv: ['-c', `${core}`, process.execPath, ...flags] }
  const child = fork(new URL(module, import.meta.url), args, { env, ...PINNED ? pinned : node })
  const ended = new AbortController()
  child.once('exit', status => ended.abort(new Error(`${module} ended with ${status}`)))

  return {
    async ask (order) {
      const message = once(child, 'message', { signal: ended.signal })
      child.send(order)
      const [answer] = await message
      return answer
    },

    close () { child.kill() }
  }
}
