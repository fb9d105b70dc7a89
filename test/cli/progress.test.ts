import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { shellWord, terminalJson } from '../../src/cli/operations/terminal-json.js'
import { progressOn } from '../../src/cli/operations/progress.js'

function terminal (isTTY: boolean) {
  const written: string[] = []
  return { written, output: { isTTY, write: (text: string) => { written.push(text) } } }
}

t.test('a terminal shows a growing bar', async t => {
  const { written, output } = terminal(true)
  const progress = progressOn(output, 4)
  for (let i = 0; i < 4; i++) progress.step()
  progress.end()
  const [first, , half, , full, last] = written.map(text => text.replace('\r\x1b[K', ''))
  t.equal(first, `[${' '.repeat(30)}]   0.0 % of 4`)
  t.equal(half, `[${'#'.repeat(15)}${' '.repeat(15)}]  50.0 % of 4`)
  t.equal(full, `[${'#'.repeat(30)}] 100.0 % of 4`)
  t.equal(last, '', 'and it is removed at the end')
})

t.test('lines are printed above the bar', async t => {
  const [bar, lines] = [terminal(true), terminal(false)]
  const progress = progressOn(bar.output, 2)
  progress.print(lines.output, 'hello')
  progress.print(lines.output, null)
  t.same(lines.written, ['hello\n'])
  t.equal(bar.written.length, 3, 'the bar is cleared before and redrawn after')
})

t.test('the bar is redrawn once for every thousandth', async t => {
  const { written, output } = terminal(true)
  const progress = progressOn(output, 1_000_000)
  for (let i = 0; i < 1_000_000; i++) progress.step()
  t.equal(written.length, 1001)
})

t.test('the items may turn out to be more than the total, or none', async t => {
  const { written, output } = terminal(true)
  const progress = progressOn(output, 1)
  progress.step()
  progress.step()
  t.match(written.at(-1), /100\.0 % of 2$/)
  progressOn(output, 0)
  t.match(written.at(-1), / 0\.0 % of 1$/)
})

t.test('without a total a number grows', async t => {
  const { written, output } = terminal(true)
  const progress = progressOn(output, null)
  for (let i = 0; i < 250; i++) progress.step()
  t.same(written.map(text => text.replace('\r\x1b[K', '')), ['0', '100', '200'])
})

t.test('without a terminal there is no bar', async t => {
  const { written, output } = terminal(false)
  const progress = progressOn(output, 1)
  progress.step()
  progress.end()
  t.same(written, [])
})

t.test('a printed identity can\'t control the terminal', async t => {
  t.equal(terminalJson('alice'), '"alice"')
  t.equal(terminalJson('böb \u{1f4f1}'), '"böb \u{1f4f1}"')
  t.equal(terminalJson('a\x1b[31m\n"\x9b1m\u202eb\u007f'), '"a\\u001b[31m\\n\\"\\u009b1m\\u202eb\\u007f"')
  const hostile = { name: 'a\u2028b\u061c\u200f' }
  t.match(terminalJson(hostile), /^[ -~]+$/)
  t.same(JSON.parse(terminalJson(hostile)), hostile)
})

t.test('a printed identity shows the characters that can\'t be seen', async t => {
  const invisible = ['\u00ad', '\u200b', '\u200d', '\u2060', '\ufeff', '\u{e0041}', '\u034f', '\u3164', '\ufe0f', '\u00a0', '\u3000']
  for (const character of invisible) {
    const identity = `al${character}ice b`
    const printed = terminalJson(identity)
    t.match(printed, /^"al(?:\\u[0-9a-f]{4}){1,2}ice b"$/)
    t.equal(JSON.parse(printed), identity)
  }
  t.equal(terminalJson('\u{e0041}'), '"\\udb40\\udc41"')
})

t.test('a word for a command line is one word to a shell, and runs nothing', async t => {
  for (const plain of ['alice', 'anna@db.example', 'a/b:c+d-e_f.7']) t.equal(shellWord(plain), plain)
  const odd = ['-alice', '', 'a b', '$(id)', '`id`', 'a\'b', '"a"', 'a\\b', '!1', '~', 'b\u00f6b', 'a;b', '*']
  for (const text of odd) {
    const { stdout } = await promisify(execFile)('sh', ['-c', `printf '<%s>' ${shellWord(text)}`])
    t.equal(stdout, `<${text}>`)
  }
  t.equal(shellWord('a\nb\u200b\u001b'), '\'a\\u000ab\\u200b\\u001b\'')
})
