import { fork } from 'node:child_process'
import { once } from 'node:events'
import { PINNED } from '../served.js'

/** Another process, that does as it is told. */
export interface Pinned {
  /** Has one order carried out. Rejects when the process ends over it; why, it has printed itself. */
  ask<Answer> (order: object | string): Promise<Answer>
  close (): void
}

/** Where a process runs, and with what. */
export interface Pin {
  /** The processor core that it stays on, where that can be chosen. */
  readonly core: number
  readonly flags?: readonly string[]
  readonly args?: readonly string[]
}

/** Starts a module of this folder as a process of its own. */
export function pinned (module: string, { core, flags = [], args = [] }: Pin): Pinned {
  const env = { ...process.env, NODE_ENV: 'production' }
  const node = { execPath: process.execPath, execArgv: [...flags] }
  const kept = { execPath: 'taskset', execArgv: ['-c', `${core}`, process.execPath, ...flags] }
  const child = fork(new URL(module, import.meta.url), args, { env, ...PINNED ? kept : node })
  const ended = new AbortController()
  child.once('exit', status => ended.abort(new Error(`${module} ended with ${status}`)))

  return {
    async ask (order) {
      const answer = once(child, 'message', { signal: ended.signal })
      child.send(order)
      const [told] = await answer
      return told
    },

    close () { child.kill() }
  }
}
