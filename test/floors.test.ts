import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

/** The house, from the roof down. A file belongs to the first row that its path begins with. */
const FLOORS: ReadonlyArray<readonly [floor: number, paths: readonly string[]]> = [
  [5, ['index.ts', 'operations.ts', 'store-suite.ts', 'verify-api.ts']],
  [4.7, ['cli/main.ts']],
  [4.6, ['cli/serve/', 'cli/operations/']],
  [4.5, ['cli/']],
  [3.9, ['verify-api/endpoints/']],
  [3.8, ['verify-api/records/']],
  [3.7, ['verify-api/wire/']],
  [4, ['fastify/', 'verify-api/']],
  [3, ['options.ts', 'http/', 'operations/', 'stores/suite/']],
  [2, ['verifier/', 'guard.ts']],
  [1, ['providers/', 'stores/', 'sessions/', 'clock.ts', 'deadline.ts', 'back-off.ts', 'at-once.ts', 'qr.ts']],
  [0, ['otp/', 'entity/', 'seal.ts', 'errors.ts', 'events.ts']]
]

/** The one folder that another one of its floor may use: the document keeps what a code is made of. */
const MAY_USE: Readonly<Record<string, string>> = { entity: 'otp' }

/** What may be imported where, of what isn't ours. Node's own modules are free, but for those that do I/O. */
const OUTSIDE: Readonly<Record<string, (file: string) => boolean>> = {
  fastify: file => floorOf(file) === 4 || inCli(file),
  'fastify-plugin': file => file === 'fastify/plugin.ts',
  qrcode: file => file === 'qr.ts',
  ajv: file => file === 'http/validation.ts',
  '@sinclair/typebox': file => file.startsWith('http/'),
  '@scure/base': file => file === 'otp/secret.ts',
  'node:crypto': file => floorOf(file) <= 1 || inCli(file) ||
    ['verify-api/authentication.ts', 'verify-api/wire/sid.ts', 'verify-api/records/documents.ts'].includes(file) ||
    ['stores/suite/codes.ts', 'stores/suite/random.ts', 'stores/suite/suite.ts'].includes(file),
  'node:assert/strict': file => file.startsWith('stores/suite/'),
  'node:http': file => floorOf(file) === 4,
  'node:timers/promises': file => ['back-off.ts', 'cli/serve/folder-lock.ts'].includes(file),
  'node:fs/promises': file => inCli(file) || file === 'stores/folder.ts',
  'node:path': file => inCli(file) || file === 'stores/folder.ts',
  'node:net': inCli,
  'node:util': file => inCli(file) || file === 'providers/twilio.ts' || file.startsWith('operations/'),
  'node:url': inCli,
  'node:stream': inCli,
  pg: file => file === 'cli/drivers.ts',
  ioredis: file => file === 'cli/drivers.ts',
  // A store of the operator's own.
  computed: file => file === 'cli/operations/open-store.ts'
}

/**
 * Paths that a door never loads, however many files lie between, and the files that it still loads from
 * there. The walk ends at those files. They move to `shape.ts`, `option-checks.ts` and `time/`; then the
 * list is empty.
 */
const BORDERS: ReadonlyArray<readonly [door: string, never: readonly string[], still: readonly string[]]> = [
  ['index.ts', ['verify-api/', 'cli/', 'operations/', 'testing/'], []],
  ['verify-api.ts', ['verifier/', 'entity/', 'options.ts'], ['entity/age.ts', 'entity/shape.ts', 'options.ts']]
]

interface Import {
  readonly from: string
  readonly to: string
  readonly ours: boolean
  readonly isType: boolean
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
const imports = files.flatMap(importsOf)

t.test('every file stands on a floor', async t => {
  for (const file of files) t.not(floorOf(file), undefined, file)
})

t.test('imports go down; on the same floor they stay in the folder, or go to a file of one idea', async t => {
  for (const { from, to } of imports.filter(({ ours }) => ours)) {
    const [folder, other] = [dirname(from), dirname(to)]
    const beside = other === folder || other === '.' || MAY_USE[folder] === other
    t.ok(floorOf(to) < floorOf(from) || (floorOf(to) === floorOf(from) && beside), `${from} imports ${to}`)
  }
})

t.test('nobody imports a door', async t => {
  t.strictSame(imports.filter(({ to, ours }) => ours && floorOf(to) === 5), [])
})

t.test('no import cycles, not even of types', async t => {
  const ours = imports.filter(({ ours }) => ours)
  const used = (file: string) => ours.filter(({ from }) => from === file).map(({ to }) => to)
  const graph = new Map(files.map(file => [file, used(file)]))
  for (const file of files) t.strictSame(cycleThrough(file, graph), [], file)
})

t.test('a door does not load the other wings', async t => {
  for (const [door, never, still] of BORDERS) {
    const loaded = loadedFrom(door, still).filter(file => never.some(path => file.startsWith(path)))
    t.strictSame(loaded.sort(), still, door)
  }
})

t.test('what is not ours is imported where it belongs', async t => {
  for (const { from, to, ours } of imports) {
    if (!ours) t.equal(OUTSIDE[to]?.(from), true, `${from} imports ${to}`)
  }
})

t.test('floor 0 reads no clock', async t => {
  for (const file of files) {
    const reads = /Date\.now|new Date\(\)|performance\.now/.test(readFileSync(join(SRC, file), 'utf8'))
    t.equal(reads, file === 'clock.ts' || file === 'deadline.ts', file)
  }
})

t.test('no way around the types', async t => {
  for (const file of files) {
    const text = readFileSync(join(SRC, file), 'utf8')
    t.notMatch(text, /\bas any\b|: any\b|<any>|as unknown as|@ts-|eslint-disable|c8 ignore/, file)
  }
})

function floorOf (file: string): number {
  const row = FLOORS.find(([, paths]) => paths.some(path => file.startsWith(path)))
  if (row === undefined) throw new Error(`${file} stands on no floor`)
  return row[0]
}

function inCli (file: string): boolean {
  return file.startsWith('cli/')
}

function importsOf (from: string): Import[] {
  const source = ts.createSourceFile(from, readFileSync(join(SRC, from), 'utf8'), ts.ScriptTarget.Latest)
  const found: Import[] = []
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node)
    if (specifier !== null) {
      const ours = specifier.startsWith('.')
      const path = relative(SRC, join(SRC, dirname(from), specifier)).replace(/\.js$/, '.ts')
      found.push({ from, to: ours ? path : specifier, ours, isType: isTypeOnly(node) })
    }
    node.forEachChild(visit)
  }
  visit(source)
  return found
}

function specifierOf (node: ts.Node): string | null {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)
      ? node.moduleSpecifier.text
      : null
  }
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return null
  const [argument] = node.arguments
  return argument !== undefined && ts.isStringLiteral(argument) ? argument.text : 'computed'
}

function isTypeOnly (node: ts.Node): boolean {
  return (ts.isImportDeclaration(node) && node.importClause?.isTypeOnly === true) ||
    (ts.isExportDeclaration(node) && node.isTypeOnly)
}

/** The files that are loaded at run time together with a file. The walk ends at `ends`. */
function loadedFrom (door: string, ends: readonly string[]): string[] {
  const loaded = new Set([door])
  for (const file of loaded) {
    const next = imports.filter(({ from, ours, isType }) => from === file && ours && !isType)
    if (!ends.includes(file)) for (const { to } of next) loaded.add(to)
  }
  return [...loaded]
}

function cycleThrough (start: string, graph: ReadonlyMap<string, readonly string[]>): string[] {
  const seen = new Set<string>()
  const walk = (file: string, path: readonly string[]): string[] => {
    for (const next of graph.get(file) ?? []) {
      if (next === start) return [...path, next]
      if (seen.has(next)) continue
      seen.add(next)
      const cycle = walk(next, [...path, next])
      if (cycle.length > 0) return cycle
    }
    return []
  }
  return walk(start, [start])
}
