import { on } from 'node:events'

/** Carries out what the process that started this one asks for, one thing after the other. */
export async function carryOut<Order> (act: (order: Order) => Promise<object>): Promise<never> {
  for await (const [order] of on(process, 'message', { close: ['disconnect'] })) process.send?.(await act(order))
  process.exit()
}
