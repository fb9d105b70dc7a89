import { on } from 'node:events'
import type { FastifyInstance } from 'fastify'
import type { Requests } from '../load.js'

/** What the process that measures asks a server. */
export type Question = 'cpu' | { readonly requests: string }

/** Makes ready what the next turn sends. */
export type Preparation = () => Omit<Requests, 'port'> | Promise<Omit<Requests, 'port'>>

/** Listens on a free port, and answers the process that measures until it is gone. */
export async function answering (
  app: FastifyInstance, preparations: Readonly<Record<string, Preparation>>
): Promise<void> {
  process.once('disconnect', () => process.exit())
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
  for await (const [message] of on(process, 'message')) {
    const question: Question = message
    process.send?.(question === 'cpu' ? cpu() : { ...await preparations[question.requests]?.(), port })
  }
}

function cpu (): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
