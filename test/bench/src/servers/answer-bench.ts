import { on } from 'node:events'
import type { Requests } from '../load.js'

/** A question of the bench's own process to a server. */
export type Question = 'cpu' | { readonly requests: string }

/** Prepares the requests of the next turn. */
export type Preparation = () => Omit<Requests, 'port'> | Promise<Omit<Requests, 'port'>>

/** A server that doesn't listen yet; `listen` resolves to its URL. */
export interface App {
  listen (options: { readonly host: string, readonly port: number }): Promise<string>
}

/** Listens on a free port, and answers the bench until its process ends. */
export async function answerBench (
  app: App, preparations: Readonly<Record<string, Preparation>>
): Promise<void> {
  process.once('disconnect', () => process.exit())
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
  for await (const [message] of on(process, 'message')) {
    const question: Question = message
    process.send?.(question === 'cpu' ? cpuUsed() : { ...await preparations[question.requests]?.(), port })
  }
}

function cpuUsed (): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
