import { join } from 'node:path'
import t from 'tap'
import { comparisonOf } from './bench/src/comparison.js'
import { optionsOf } from './bench/src/main-options.js'
import { readReports, writeReport, type Report } from './bench/src/report.js'
import type { Outcome, Ratio } from './bench/src/rounds.js'
import { tableOf } from './bench/src/table.js'

function spreadAt (median: number) {
  return { median, low: median, high: median }
}

const ratio: Ratio = { goal: { of: 'ours', to: 'floor' }, ...spreadAt(2), reached: null, steady: true }

function outcomeOf (name: string, ours: number, ratios: readonly Ratio[] = []): Outcome {
  return {
    row: { name, title: 'Title', unit: 'operations/s' },
    figures: [{ name: 'ours', ...spreadAt(ours) }, { name: 'floor', ...spreadAt(1) }],
    ratios,
    remarks: [`Server of ${name}.`]
  }
}

function reportOn (node: string, outcomes: Outcome[]): Report {
  const versions = { fastify: '5' }
  return { machine: { cpu: 'CPU', cores: 2, load: '0', node, date: '2026-11-28', versions }, outcomes }
}

t.test('a row is a table of figures, a table of ratios, and remarks', async t => {
  t.equal(tableOf(outcomeOf('row', 1234.5, [{ ...ratio, goal: { ...ratio.goal, atLeast: 3 }, reached: false }])), `
## row: Title

|  | operations/s | middle half |
| --- | --- | --- |
| ours | 1235 | 1235 to 1235 |
| floor | 1 | 1 to 1 |

| ratio |  | middle half | goal |  |
| --- | --- | --- | --- | --- |
| ours / floor | 2 | 2 to 2 | ≥ 3 | **missed** |

Server of row.`)
})

t.test('a ratio in doubt is marked, whether its goal is reached or not', async t => {
  t.notMatch(tableOf(outcomeOf('row', 1, [ratio])), /unsteady/i)
  const unsteady = [null, true, false].map(reached => ({ ...ratio, reached, steady: false }))
  const text = tableOf(outcomeOf('row', 1, unsteady))
  t.match(text, '|  | unsteady |')
  t.match(text, '| reached, unsteady |')
  t.match(text, '| **missed**, unsteady |')
  t.match(text, 'Unsteady: the middle half of these ratios is wider than ± 5 % of the median.')
})

t.test('processor time stands beside figures and ratios that tell it', async t => {
  const { figures, ...outcome } = outcomeOf('row', 2, [{ ...ratio, cpu: spreadAt(0.5) }])
  const withTime = figures.map(figure => ({ ...figure, cpu: spreadAt(7.25) }))
  const text = tableOf({ ...outcome, figures: withTime })
  t.match(text, '|  | operations/s | middle half | µs of processor time |')
  t.match(text, '| ours | 2 | 2 to 2 | 7.25 |')
  t.match(text, '| ours / floor | 2 | 2 to 2 |  |  | 0.500 |')
})

t.test('reports stand side by side, a column for each version of Node.js', async t => {
  const old = { ...ratio, goal: { ...ratio.goal, atMost: 2 }, reached: true }
  const missed = { ...old, goal: { ...old.goal, atMost: 1 }, reached: false, steady: false }
  const text = comparisonOf([
    reportOn('v20.1.0', [outcomeOf('one', 5, [old]), outcomeOf('two', 6)]),
    reportOn('v26.0.0', [outcomeOf('one', 9, [missed])])
  ], ['one', 'two', 'never measured'])
  t.match(text, `## one: Title

| operations/s | Node.js 20.1.0 | Node.js 26.0.0 |
| --- | --- | --- |
| ours | 5 | 9 |
| floor | 1 | 1 |

| ratio | goal | Node.js 20.1.0 | Node.js 26.0.0 |
| --- | --- | --- | --- |
| ours / floor | ≤ 2; ≤ 1 | 2, reached | 2, **missed**, unsteady |

Unsteady: `)
  t.match(text, '\n\nServer of one.\n\n## two', 'a remark that both made stands alone')
  t.match(text, '| ours | 6 |  |')
  t.match(text, 'Node.js 20.1.0:\n\nServer of two.')
  t.notMatch(text, 'never measured')
})

t.test('side by side, processor times stand in brackets', async t => {
  const { figures, ...outcome } = outcomeOf('row', 2, [{ ...ratio, cpu: spreadAt(0.5) }])
  const withTime = figures.map(figure => ({ ...figure, cpu: spreadAt(7.25) }))
  const text = comparisonOf([reportOn('v20.1.0', [{ ...outcome, figures: withTime }])], ['row'])
  t.match(text, '| operations/s (µs of processor time) | Node.js 20.1.0 |')
  t.match(text, '| ours | 2 (7.25) |')
  t.match(text, '| ratio (of processor times) | goal | Node.js 20.1.0 |')
  t.match(text, '| ours / floor |  | 2 (0.500) |')
})

t.test('files of one version of Node.js are one report, in which the later file counts', async t => {
  const folder = t.testdir()
  const files = ['first', 'other', 'later'].map(name => join(folder, name))
  const reports = [
    reportOn('v20.1.0', [outcomeOf('one', 1), outcomeOf('two', 2)]),
    reportOn('v26.0.0', [outcomeOf('one', 3)]),
    reportOn('v20.1.0', [outcomeOf('two', 4)])
  ]
  reports.forEach((report, place) => writeReport(files[place] ?? '', report))
  const read = readReports(files)
  t.same(read.map(({ machine }) => machine.node), ['v20.1.0', 'v26.0.0'])
  t.same(read.map(({ outcomes }) => outcomes.map(({ row, figures }) => [row.name, figures[0]?.median])),
    [[['one', 1], ['two', 4]], [['one', 3]]])
})

t.test('the command line names rows, rounds, and files', async t => {
  const rows = ['one', 'two', 'three']
  t.same(optionsOf([], rows), { names: rows, rounds: undefined, json: undefined, from: [] })
  t.same(optionsOf(['two', '--rounds', '3', 'one', '--json', 'x'], rows), {
    names: ['two', 'one'], rounds: 3, json: 'x', from: []
  })
  t.same(optionsOf(['--from', 'x', '--from', 'y'], rows).from, ['x', 'y'])
})
