/**
 * Writes src/pages/look/assets.ts: style and script of the pages as text, so that they are part of the program.
 * Run it when those have changed; a test tells when it is due.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'

const LOOK = new URL('../src/pages/look/', import.meta.url)
const HEAD = '// Written by `npm run assets` from pages.css and pages.script.js.\n'

const style = read('pages.css')
  .replace(/\/\*[^]*?\*\//g, '')
  .replace(/\s+/g, ' ')
  .replace(/ ?([{};,>]) ?/g, '$1')
  .replace(/: /g, ':')
  .replace(/;}/g, '}')
  .trim()

// Lines stay lines, because they end statements.
const script = read('pages.script.js')
  .replace(/^\/\*[^]*?\*\/\n/gm, '')
  .replace(/^ *\/\/.*\n/gm, '')
  .replace(/^ +/gm, '')
  .replace(/\n{2,}/g, '\n')

writeFileSync(new URL('assets.ts', LOOK), HEAD + constant('STYLE', style) + constant('SCRIPT', script))

function read (name) {
  return readFileSync(new URL(name, LOOK), 'utf8')
}

function constant (name, body) {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12)
  return `\nexport const ${name} = ${JSON.stringify({ hash, body })}\n`
}
