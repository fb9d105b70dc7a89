import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import { blocks, page, pages } from './pages.js'
import { ROOT } from '../root.js'

t.test('the README is short: 300 lines and 16 KB at most', async t => {
  const { text } = page('README.md')
  t.ok(text.split('\n').length - 1 <= 300, `${text.split('\n').length - 1} lines`)
  t.ok(Buffer.byteLength(text) <= 16 * 1024, `${Buffer.byteLength(text)} bytes`)
})

t.test('every link leads somewhere', async t => {
  const broken = pages.flatMap(({ path, links }) =>
    links.filter(link => !leadsSomewhere(path, link)).map(link => `${path}: ${link}`))
  t.strictSame(broken, [])
})

t.test('every page is listed in the index, and leads on', async t => {
  const { links } = page('docs/README.md')
  const listed = new Set(links.map(link => link.replace(/#.*/, '')))
  for (const { path, links } of pages) {
    t.ok(path.startsWith('docs/') ? path === 'docs/README.md' || listed.has(relative('docs', path)) : true, path)
    if (path !== 'CHANGELOG.md') t.ok(links.some(link => /\.md(?:#|$)/.test(link)), `${path} leads on`)
  }
})

t.test('every script that a page names is there', async t => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const named = pages.flatMap(({ text }) => [...text.matchAll(/npm (?:run ([\w:]+)|(test|start)\b)/g)])
  const missing = new Set(named.map(([, run, short]) => run ?? short ?? '').filter(name => !Object.hasOwn(scripts, name)))
  t.strictSame([...missing], [])
})

t.test('every row of the bench that a page names is there', async t => {
  const folder = join(ROOT, 'test', 'bench', 'src')
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  const text = sources.map(file => readFileSync(join(folder, file), 'utf8')).join('\n')
  const named = pages.flatMap(({ text }) => [...text.matchAll(/npm run bench -- ([a-z -]+)/g)])
  const rows = new Set(named.flatMap(([, rows = '']) => rows.trim().split(/ +/)))
  t.ok(rows.size > 10)
  for (const row of rows) t.match(text, `name: '${row}'`)
})

t.test('the house in the picture is the one that stands', async t => {
  const { code = '' } = page('CONTRIBUTING.md').blocks.find(({ code }) => code.startsWith('src/\n')) ?? {}
  const drawn = picture(code)
  t.ok(drawn.length > 15)
  t.strictSame(drawn.filter(path => !existsSync(join(ROOT, 'src', path))), [])
  const rooms = readdirSync(join(ROOT, 'src')).filter(name => statSync(join(ROOT, 'src', name)).isDirectory())
  t.strictSame(rooms.filter(name => !drawn.includes(`${name}/`)), [], 'every room is drawn')
})

t.test('every file that a page names is there', async t => {
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:src|test|example|docs)\/[\w./-]+|\.ci\/run)`/g)].map(([, file = '']) => ({ path, file })))
  t.strictSame(named.filter(({ file }) => !existsSync(join(ROOT, file))), [])
})

t.test('one word stands for one thing', async t => {
  const avoided = /\b(?:nobody|somebody|whoever|anew|at will|in earnest|enrollAnew|burnt|device|behaviour)\b/gi
  const found = pages.flatMap(({ path, text }) => [...text.matchAll(avoided)].map(([word]) => `${path}: ${word}`))
  t.strictSame(found, [])
})

t.test('no line of code is wider than a page', async t => {
  const long = blocks.filter(({ language }) => ['ts', 'js', 'sh', 'sql'].includes(language)).flatMap(({ page, line, code }) =>
    code.split('\n').flatMap((text, i) => text.length > 120 ? [`${page}:${line + i}`] : []))
  t.strictSame(long, [])
})

/** The paths that the picture draws: a folder's parts are further to the right. */
function picture (code: string): string[] {
  let folder = ''
  return code.split('\n').slice(1).flatMap(line => {
    const indent = /^ */.exec(line)?.[0].length ?? 0
    const names = line.trim().split(/ {2,}/)[0]?.split(' ').filter(name => /^[\w.-]+(?:\/|\.ts)$/.test(name)) ?? []
    if (indent > 2) return names.map(name => folder + name)
    folder = names[0] ?? ''
    return names
  })
}

function leadsSomewhere (path: string, link: string): boolean {
  if (/^https?:/.test(link)) return URL.canParse(link)
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? path : join(dirname(path), file)
  if (!existsSync(join(ROOT, target))) return false
  return anchor === undefined || (pages.find(page => page.path === target)?.anchors.has(anchor) ?? false)
}
