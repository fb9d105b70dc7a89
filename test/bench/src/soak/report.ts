import { PINNED } from '../processes.js'
import type { Ratio } from '../rounds.js'
import { isSteady, medianOf, spreadOf } from '../spread.js'
import { countOf, laterThirds, middleOf, type Turn, type Turns } from './turns.js'
import type { Delay } from './watch.js'

const [SECOND_THIRD, LAST_THIRD] = ['heap in use in the second third', 'heap in use in the last third']

/** Whether memory stayed the same. */
export function growthOf (turns: readonly Turn[]): Ratio {
  const { second, last } = laterThirds(turns.map(({ heap }) => heap))
  const ratios = last.map(heap => heap / medianOf(second))
  const goal = { of: LAST_THIRD, to: SECOND_THIRD, atMost: 1.05 }
  const spread = spreadOf(ratios)
  return { goal, ...spread, reached: spread.median <= goal.atMost, steady: isSteady(spread) }
}

/** Sentences that belong below the figures. */
export function remarksOf (turns: Turns): string[] {
  return [
    `${loadOf(turns)}.${PINNED ? '' : ' Servers and load were not kept on cores of their own.'}`,
    mixOf(turns.guarded),
    memoryOf(turns.guarded),
    delaysOf(turns)
  ]
}

/** The share of a core that the servers had, and the share that other processes took. */
export function loadOf ({ guarded, bare }: Turns): string {
  return `${rateOf(guarded)} requests a second, for which the server had ${busyOf(guarded)} of a core and others ` +
    `${othersOf(guarded)}; bare server: ${rateOf(bare)}, ${busyOf(bare)} and ${othersOf(bare)}`
}

function mixOf (turns: readonly Turn[]): string {
  const counts = new Map<string, number>()
  for (const [kind, count] of turns.flatMap(({ requests }) => Object.entries(requests))) {
    counts.set(kind, (counts.get(kind) ?? 0) + count)
  }
  const all = turns.reduce((sum, turn) => sum + countOf(turn), 0)
  const shares = [...counts].sort(([, one], [, other]) => other - one)
    .map(([kind, count]) => `\`${kind}\` ${(count / all * 100).toFixed(1)} %`)
  return `${all} requests, each of which got the expected answer: ${shares.join(', ')}.`
}

function memoryOf (turns: readonly Turn[]): string {
  const heap = laterThirds(turns.map(({ heap }) => heap))
  const resident = laterThirds(turns.map(turn => middleOf(turn, ({ rss }) => rss)))
  return `Heap in use, after a collection at the end of each turn: ${mb(heap.second)} in the second third, ` +
    `${mb(heap.last)} in the last. Resident: ${mb(resident.second)} and ${mb(resident.last)}.`
}

function delaysOf ({ guarded, bare }: Turns): string {
  const second = (figureOf: FigureOf) => (turn: Turn) => middleOf(turn, figureOf)
  const whole = (figureOf: FigureOf) => ({ delay }: Turn) => figureOf(delay)
  return 'Delays of a timer of 1 ms beyond its 1 ms: p50, p99 and longest. ' +
    `Of whole turns ${delaysIn(guarded, whole)} ms, bare server ${delaysIn(bare, whole)} ms; ` +
    `of the middle one of a turn's seconds ${delaysIn(guarded, second)} ms, bare server ${delaysIn(bare, second)} ms.`
}

type FigureOf = (delay: Delay) => number

function delaysIn (turns: readonly Turn[], of: (figureOf: FigureOf) => (turn: Turn) => number): string {
  const figures = [of(({ p50 }) => p50), of(({ p99 }) => p99), of(({ max }) => max)]
  return figures.map(figureOf => medianOf(turns.map(figureOf)).toFixed(2)).join(', ')
}

function rateOf (turns: readonly Turn[]): string {
  return medianOf(turns.map(turn => countOf(turn) / turn.seconds)).toFixed(0)
}

function busyOf (turns: readonly Turn[]): string {
  return percent(turns.map(({ cpu, seconds }) => cpu / seconds))
}

function othersOf (turns: readonly Turn[]): string {
  return percent(turns.map(({ cpu, idle, seconds }) => Math.max(0, 1 - (cpu + idle) / seconds)))
}

function percent (shares: readonly number[]): string {
  return `${(medianOf(shares) * 100).toFixed(0)} %`
}

function mb (figures: readonly number[]): string {
  return `${medianOf(figures).toFixed(1)} MB`
}
