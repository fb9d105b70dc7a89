import { setTimeout as pause } from 'node:timers/promises'

/** Waits before the next try, after this many lost races. */
export type BackOff = (lost: number) => Promise<void>

/** Longest pause after the first lost race, in milliseconds. It grows by as much with each further one. */
const PAUSE = 4
/** Races after which it grows no more. */
const ENOUGH = 4

/** A random pause, so requests that lost together don't try together again. */
export const jitter: BackOff = async lost => {
  await pause(Math.random() * PAUSE * Math.min(lost, ENOUGH))
}
