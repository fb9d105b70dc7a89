import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { ROOT } from '../root.js'

/** A page of the documentation. */
export interface Page {
  /** Below the project's folder. */
  readonly path: string
  readonly text: string
  readonly blocks: readonly Block[]
  /** What links can lead to. */
  readonly anchors: ReadonlySet<string>
  readonly links: readonly string[]
}

/** A block of code. */
export interface Block {
  readonly page: string
  /** Of the block's first line of code. */
  readonly line: number
  readonly language: string
  readonly code: string
}

const TOP = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']
const FENCE = /^```(\w*)$/

/** Every page. */
export const pages: readonly Page[] = [
  ...TOP, ...readdirSync(join(ROOT, 'docs')).filter(name => name.endsWith('.md')).map(name => `docs/${name}`)
].map(pageAt)

/** Every block of code. */
export const blocks: readonly Block[] = pages.flatMap(page => page.blocks)

/** The page at a path. */
export function page (path: string): Page {
  const found = pages.find(page => page.path === path)
  if (found === undefined) throw new Error(`there is no page ${path}`)
  return found
}

/** The only block of a page that has this text in it. */
export function block (path: string, text: string): Block {
  const [found, another] = page(path).blocks.filter(({ code }) => code.includes(text))
  if (found === undefined || another !== undefined) throw new Error(`${path} has not one block with ${text}`)
  return found
}

/** The cells of the table whose first heading this is, row by row. */
export function table (path: string, heading: string): string[][] {
  const found = page(path).text.split(/\n{2,}/).find(part => part.startsWith(`| ${heading} |`))
  if (found === undefined) throw new Error(`${path} has no table of ${heading}`)
  return found.trim().split('\n').slice(2).map(row =>
    row.split(/(?<!\\)\|/).slice(1, -1).map(cell => cell.trim()))
}

/** What stands between backticks. */
export function codeIn (cell: string): string[] {
  return [...cell.matchAll(/`([^`]*)`/g)].map(([, code = '']) => code)
}

/** A block without its types. */
export function transpiled (code: string): string {
  // The decorators of NestJS.
  const decorators = { experimentalDecorators: true, emitDecoratorMetadata: true }
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, ...decorators }
  return ts.transpileModule(code, { compilerOptions }).outputText
}

function pageAt (path: string): Page {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const lines = text.split('\n')
  const blocks: Block[] = []
  const prose: string[] = []
  for (let i = 0; i < lines.length; i++) {
    const [, language] = FENCE.exec(lines[i] ?? '') ?? []
    if (language === undefined) {
      prose.push(lines[i] ?? '')
      continue
    }
    const end = lines.indexOf('```', i + 1)
    blocks.push({ page: path, line: i + 2, language, code: `${lines.slice(i + 1, end).join('\n')}\n` })
    i = end
  }
  const links = [...prose.join('\n').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  return { path, text, blocks, anchors: anchorsOf(prose), links }
}

/** As GitHub makes them of headings; of equal ones the second gets a number. */
function anchorsOf (prose: readonly string[]): Set<string> {
  const anchors = new Set<string>()
  for (const line of prose) {
    const [, heading] = /^#{1,6} (.*)$/.exec(line) ?? []
    if (heading === undefined) continue
    const anchor = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-')
    const again = [...anchors].filter(known => known.replace(/-\d+$/, '') === anchor).length
    anchors.add(again === 0 ? anchor : `${anchor}-${again}`)
  }
  return anchors
}
