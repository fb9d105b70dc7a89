import { svgOf, type Line, type Panel, type Point } from './plot.js'
import { loadOf } from './report.js'
import { middleOf, type Turn, type Turns } from './turns.js'
import type { Sample } from './watch.js'

const [BLUE, SKY, ORANGE, GREY] = ['#0072b2', '#56b4e9', '#d55e00', '#777777']

/** A soak, drawn as SVG: memory, and the delay of the event loop. */
export function pictureOf (turns: Turns, title: string): string {
  const start = Math.min(...[...turns.guarded, ...turns.bare].map(({ begin }) => begin))
  const minutes = (at: number) => (at - start) / 60_000
  return svgOf({
    title,
    subtitle: loadOf(turns),
    unit: 'minutes',
    panels: [memoryOf(turns.guarded, minutes), delayOf(turns, minutes)]
  })
}

type Minutes = (at: number) => number
type FigureOf = (sample: Sample) => number

function memoryOf (turns: readonly Turn[], minutes: Minutes): Panel {
  const heap = turns.map(turn => ({ x: minutes(endOf(turn)), y: turn.heap }))
  return {
    title: 'Memory of the server with the second factor',
    unit: 'MB',
    lines: [
      { name: 'resident', color: GREY, width: 2, runs: runsOf(turns, minutes, ({ rss }) => rss) },
      { name: 'heap in use after a collection', color: BLUE, width: 3, runs: [heap] }
    ]
  }
}

function delayOf ({ guarded, bare }: Turns, minutes: Minutes): Panel {
  const lines: Line[] = [
    {
      name: 'p99, each second', color: SKY, width: 1, runs: runsOf(guarded, minutes, ({ p99 }) => p99)
    },
    { name: 'of a turn', color: BLUE, width: 4, runs: levelsOf(guarded, minutes, ({ p99 }) => p99) },
    { name: 'p99 of the bare server, of a turn', color: ORANGE, width: 4, runs: levelsOf(bare, minutes, ({ p99 }) => p99) },
    { name: 'p50', color: GREY, width: 2, runs: runsOf(guarded, minutes, ({ p50 }) => p50) }
  ]
  return { title: 'Delay of the event loop', unit: 'ms', lowest: 0.01, lines }
}

function runsOf (turns: readonly Turn[], minutes: Minutes, figureOf: FigureOf): Point[][] {
  return turns.map(({ samples }) => samples.map(sample => ({ x: minutes(sample.at), y: figureOf(sample) })))
}

/** A level line over each turn. */
function levelsOf (turns: readonly Turn[], minutes: Minutes, figureOf: FigureOf): Point[][] {
  return turns.map(turn => {
    const y = middleOf(turn, figureOf)
    return [{ x: minutes(turn.begin), y }, { x: minutes(endOf(turn)), y }]
  })
}

function endOf ({ begin, seconds }: Turn): number {
  return begin + seconds * 1000
}
