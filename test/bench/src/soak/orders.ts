import { on } from 'node:events'

/** Carries out the orders of the process that started this one, one after the other. */
export async function carryOut<Order> (act: (order: Order) => Promise<object>): Promise<never> {
  for await (const [order] of on(process, 'message', { close: ['disconnect'] })) process.send?.(await act(order))
  process.exit()
}
