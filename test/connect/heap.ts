import { setImmediate as turn } from 'node:timers/promises'
import { untyped } from '../untyped.js'

/** How often something is done, at least, until its code is compiled for good. */
const WARM = 2500

/** Bytes by which the heap has grown once something was done so often, after it was warm. */
export async function heapGrowth (act: () => Promise<void>, count: number): Promise<number> {
  await repeat(act, Math.max(WARM, count / 10))
  const before = await heap()
  await repeat(act, count)
  return await heap() - before
}

async function repeat (act: () => Promise<void>, count: number): Promise<void> {
  for (let done = 0; done < count; done++) {
    await act()
    // A WeakMap keeps room for all that it held between two collections, so they have to come regularly.
    if (done % 1000 === 0) await collect()
  }
}

async function heap (): Promise<number> {
  for (let round = 0; round < 5; round++) await collect()
  return process.memoryUsage().heapUsed
}

/** After a turn, for what waits for a turn of its own. */
async function collect (): Promise<void> {
  await turn()
  untyped(globalThis).gc()
}
