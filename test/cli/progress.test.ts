import t from 'tap'
import { printable } from '../../src/cli/operations/terminal-json.js'
import { progressOn } from '../../src/cli/operations/progress.js'

function terminal (isTTY: boolean) {
  const written: string[] = []
  return { written, output: { isTTY, write: (text: string) => { written.push(text) } } }
}

t.test('on a terminal a bar grows', async t => {
  const { written, output } = terminal(true)
  const progress = progressOn(output, 4)
  for (let i = 0; i < 4; i++) progress.step()
  progress.end()
  const [first, , half, , full, last] = written.map(text => text.replace('\r\x1b[K', ''))
  t.equal(first, `[${' '.repeat(30)}]   0.0 % of 4`)
  t.equal(half, `[${'#'.repeat(15)}${' '.repeat(15)}]  50.0 % of 4`)
  t.equal(full, `[${'#'.repeat(30)}] 100.0 % of 4`)
  t.equal(last, '', 'and is gone in the end')
})

t.test('lines are written above it', async t => {
  const [bar, lines] = [terminal(true), terminal(false)]
  const progress = progressOn(bar.output, 2)
  progress.tell(lines.output, 'hello')
  progress.tell(lines.output, null)
  t.same(lines.written, ['hello\n'])
  t.equal(bar.written.length, 3, 'it is cleared before, and drawn again')
})

t.test('of many only each thousandth is drawn', async t => {
  const { written, output } = terminal(true)
  const progress = progressOn(output, 1_000_000)
  for (let i = 0; i < 1_000_000; i++) progress.step()
  t.equal(written.length, 1001)
})

t.test('more than there were when it began, or none at all, are fine', async t => {
  const { written, output } = terminal(true)
  const progress = progressOn(output, 1)
  progress.step()
  progress.step()
  t.match(written.at(-1), /100\.0 % of 2$/)
  progressOn(output, 0)
  t.match(written.at(-1), / 0\.0 % of 1$/)
})

t.test('where nobody has counted, a number grows', async t => {
  const { written, output } = terminal(true)
  const progress = progressOn(output, null)
  for (let i = 0; i < 250; i++) progress.step()
  t.same(written.map(text => text.replace('\r\x1b[K', '')), ['0', '100', '200'])
})

t.test('where nobody looks on, there is no bar', async t => {
  const { written, output } = terminal(false)
  const progress = progressOn(output, 1)
  progress.step()
  progress.end()
  t.same(written, [])
})

t.test('an identity is shown with nothing in it that a terminal obeys', async t => {
  t.equal(printable('alice'), '"alice"')
  t.equal(printable('böb \u{1f4f1}'), '"böb \u{1f4f1}"')
  t.equal(printable('a\x1b[31m\n"\x9b1m\u202eb\u007f'), '"a\\u001b[31m\\n\\"\\u009b1m\\u202eb\\u007f"')
  const hostile = { name: 'a\u2028b\u061c\u200f' }
  t.match(printable(hostile), /^[ -~]+$/)
  t.same(JSON.parse(printable(hostile)), hostile)
})
