import { setTimeout as pause } from 'node:timers/promises'

/** Waits before another try, after so many lost races. */
export type BackOff = (lost: number) => Promise<void>

/** Longest pause after the first lost race, in milliseconds; it grows by as much with each further one. */
const PAUSE = 4

/** A random pause, so that those who lost together don't try together. */
export const jitter: BackOff = async lost => {
  await pause(Math.random() * PAUSE * lost)
}
