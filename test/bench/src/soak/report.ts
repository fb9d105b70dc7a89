import type { Ratio } from '../rounds.js'
import { PINNED } from '../served.js'
import { median, quantile } from './quantile.js'
import { laterThirds, middleOf, requestsOf, type Turn, type Turns } from './turns.js'
import type { Delay } from './watch.js'

const [SECOND_THIRD, LAST_THIRD] = ['heap in use in the second third', 'heap in use in the last third']

/** Whether memory stayed what it was. */
export function growthOf (turns: readonly Turn[]): Ratio {
  const { second, last } = laterThirds(turns.map(({ heap }) => heap))
  const ratios = last.map(heap => heap / median(second))
  const goal = { of: LAST_THIRD, by: SECOND_THIRD, atMost: 1.05 }
  const [low, middle, high] = [quantile(ratios, 0.25), median(ratios), quantile(ratios, 0.75)]
  return { goal, median: middle, low, high, reached: middle <= goal.atMost }
}

/** What has to be said beside the figures. */
export function remarksOf (turns: Turns): string[] {
  return [
    `${loadOf(turns)}.${PINNED ? '' : ' Servers and load were not kept on cores of their own.'}`,
    mixOf(turns.guarded),
    memoryOf(turns.guarded),
    delaysOf(turns)
  ]
}

/** How busy the servers were, and how long others, who use the core too, kept them waiting. */
export function loadOf ({ guarded, bare }: Turns): string {
  return `${rateOf(guarded)} requests a second, for which the server had ${busyOf(guarded)} of a core and others ` +
    `${othersOf(guarded)}; bare server: ${rateOf(bare)}, ${busyOf(bare)} and ${othersOf(bare)}`
}

function mixOf (turns: readonly Turn[]): string {
  const asked = new Map<string, number>()
  for (const turn of turns) {
    for (const [kind, count] of Object.entries(turn.asked)) asked.set(kind, (asked.get(kind) ?? 0) + count)
  }
  const all = turns.reduce((sum, turn) => sum + requestsOf(turn), 0)
  const shares = [...asked].sort(([, one], [, other]) => other - one)
    .map(([kind, count]) => `\`${kind}\` ${(count / all * 100).toFixed(1)} %`)
  return `${all} requests, each answered as it had to be: ${shares.join(', ')}.`
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
  return 'Delays are what a timer of 1 ms is late beyond its 1 ms: p50, p99 and longest. ' +
    `Of whole turns ${delaysIn(guarded, whole)} ms, bare server ${delaysIn(bare, whole)} ms; ` +
    `of the middle one of a turn's seconds ${delaysIn(guarded, second)} ms, bare server ${delaysIn(bare, second)} ms.`
}

type FigureOf = (delay: Delay) => number

function delaysIn (turns: readonly Turn[], of: (figureOf: FigureOf) => (turn: Turn) => number): string {
  const figures = [of(({ p50 }) => p50), of(({ p99 }) => p99), of(({ max }) => max)]
  return figures.map(figureOf => median(turns.map(figureOf)).toFixed(2)).join(', ')
}

function rateOf (turns: readonly Turn[]): string {
  return median(turns.map(turn => requestsOf(turn) / turn.seconds)).toFixed(0)
}

function busyOf (turns: readonly Turn[]): string {
  return percent(turns.map(({ cpu, seconds }) => cpu / seconds))
}

function othersOf (turns: readonly Turn[]): string {
  return percent(turns.map(({ cpu, idle, seconds }) => Math.max(0, 1 - (cpu + idle) / seconds)))
}

function percent (shares: readonly number[]): string {
  return `${(median(shares) * 100).toFixed(0)} %`
}

function mb (figures: readonly number[]): string {
  return `${median(figures).toFixed(1)} MB`
}
