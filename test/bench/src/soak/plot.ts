/** A point of a line; `x` is in the unit of the plot, `y` in that of its panel. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A line; it is broken wherever a new run of points begins. */
export interface Line {
  readonly name: string
  readonly color: string
  /** In pixels. */
  readonly width: number
  /** @default 1 */
  readonly opacity?: number
  readonly runs: ReadonlyArray<readonly Point[]>
}

/** One of several plots that share their x axis. */
export interface Panel {
  readonly title: string
  /** The label of its y axis. */
  readonly unit: string
  /** Where a logarithmic y axis begins. @default a linear one, which begins at zero */
  readonly lowest?: number
  readonly lines: readonly Line[]
}

/** Panels below each other. */
export interface Plot {
  readonly title: string
  readonly subtitle: string
  /** The label of the x axis, which begins at zero. */
  readonly unit: string
  readonly panels: readonly Panel[]
}

/** A place, in pixels. */
interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

type Scale = (figure: number) => number

const WIDTH = 960
const HEAD = 76
const PANEL: Omit<Box, 'top'> = { left: 76, width: WIDTH - 76 - 28, height: 250 }
/** Above each panel for its title and legend, below all of them for the x axis. */
const [ABOVE, BELOW] = [56, 52]
const [INK, GRID] = ['#222222', '#dddddd']

/** Draws a plot as SVG that needs no other file. */
export function svgOf ({ title, subtitle, unit, panels }: Plot): string {
  const end = Math.max(...panels.flatMap(pointsOf).map(({ x }) => x))
  const height = HEAD + panels.length * (ABOVE + PANEL.height + BELOW)
  const drawn = panels.map((panel, place) => {
    const top = HEAD + place * (ABOVE + PANEL.height + BELOW) + ABOVE
    return drawnPanel(panel, { ...PANEL, top }, { unit, end })
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ` +
    `font-family="sans-serif" font-size="14" fill="${INK}">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" fill="white"/>
${text({ x: 24, y: 36, size: 20 }, title)}
${text({ x: 24, y: 62 }, subtitle)}
${drawn.join('\n')}
</svg>
`
}

function drawnPanel (panel: Panel, box: Box, { unit, end }: { unit: string, end: number }): string {
  const { left, top, width, height } = box
  const { lowest } = panel
  const highest = Math.max(...pointsOf(panel).map(({ y }) => y))
  const columns = ticksTo(end).filter(tick => tick <= end)
  const { ticks: rows, share } = lowest === undefined ? linear(highest) : logarithmic(lowest, highest)
  const x: Scale = figure => left + figure / end * width
  const y: Scale = figure => top + height - share(figure) * height
  return [
    text({ x: left, y: top - 34, size: 16 }, panel.title),
    legendOf(panel.lines, left, top - 12),
    ...rows.map(tick => path([[left, y(tick)], [left + width, y(tick)]], GRID, 1)),
    ...rows.map(tick => text({ x: left - 8, y: y(tick) + 5, anchor: 'end' }, short(tick))),
    ...columns.map(tick => path([[x(tick), top + height], [x(tick), top + height + 5]], INK, 1)),
    ...columns.map(tick => text({ x: x(tick), y: top + height + 21, anchor: 'middle' }, short(tick))),
    text({ x: left + width / 2, y: top + height + 41, anchor: 'middle' }, unit),
    text({ x: 24, y: top + height / 2, anchor: 'middle', turned: true }, panel.unit),
    ...panel.lines.flatMap(({ runs, color, width, opacity }) =>
      runs.map(run => path(run.map(point => [x(point.x), y(point.y)]), color, width, opacity))),
    path([[left, top], [left, top + height], [left + width, top + height]], INK, 1)
  ].join('\n')
}

function legendOf (lines: readonly Line[], left: number, y: number): string {
  let x = left
  return lines.map(({ name, color, width, opacity }) => {
    const sample = path([[x, y - 5], [x + 24, y - 5]], color, Math.max(width, 2), opacity)
    const label = text({ x: x + 30, y }, name)
    x += 30 + name.length * 7 + 22
    return sample + label
  }).join('\n')
}

/** The ticks of an axis, and the share of it that is below a figure. */
interface Axis {
  readonly ticks: readonly number[]
  readonly share: Scale
}

function linear (highest: number): Axis {
  const ticks = ticksTo(highest)
  return { ticks, share: figure => figure / (ticks.at(-1) ?? highest) }
}

function logarithmic (lowest: number, highest: number): Axis {
  const powers = Math.ceil(Math.log10(highest / lowest))
  const ticks = Array.from({ length: powers + 1 }, (_, power) => lowest * 10 ** power)
  return { ticks, share: figure => Math.log10(Math.max(figure, lowest) / lowest) / powers }
}

/** Round figures from zero to the first one that is not below `highest`. */
function ticksTo (highest: number): number[] {
  const rough = highest / 6
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find(times => times * power >= rough) ?? 10)
  return Array.from({ length: Math.ceil(highest / step) + 1 }, (_, tick) => tick * step)
}

function path (
  points: ReadonlyArray<readonly [number, number]>, color: string, width: number, opacity: number = 1
): string {
  const way = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')
  return `<polyline points="${way}" fill="none" stroke="${color}" stroke-width="${width}" stroke-opacity="${opacity}" ` +
    'stroke-linecap="round" stroke-linejoin="round"/>'
}

interface Place {
  readonly x: number
  readonly y: number
  readonly size?: number
  readonly anchor?: 'middle' | 'end'
  readonly turned?: boolean
}

function text ({ x, y, size = 14, anchor, turned = false }: Place, words: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}"` +
    (anchor === undefined ? '' : ` text-anchor="${anchor}"`) +
    (turned ? ` transform="rotate(-90 ${x.toFixed(1)} ${y.toFixed(1)})"` : '') + `>${escaped(words)}</text>`
}

function escaped (words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function pointsOf ({ lines }: Panel): Point[] {
  return lines.flatMap(({ runs }) => runs.flat())
}

/** Rounds off the error of binary fractions. */
function short (figure: number): string {
  return String(Number(figure.toPrecision(6)))
}
