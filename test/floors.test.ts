import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { ROOT } from './root.js'

const SRC = join(ROOT, 'src')

/**
 * The house, a floor a row, the roof first. A file belongs to the longest path that its own begins with, and
 * imports from its own folder and from floors below.
 */
const FLOORS: ReadonlyArray<readonly string[]> = [
  ['index.ts', 'connect.ts', 'client.ts', 'pages.ts', 'testing.ts', 'operations.ts', 'verify-api.ts'],
  ['cli/main.ts'],
  ['cli/serve/', 'cli/operations/'],
  // The kit for the tests of applications has the stand-in in it.
  ['cli/', 'testing/'],
  ['fastify/', 'connect/', 'client/', 'verify-api/'],
  ['pages/'],
  ['verify-api/endpoints/'],
  ['verify-api/records/'],
  ['verify-api/wire/'],
  ['http/', 'operations/'],
  ['setup.ts'],
  ['options.ts'],
  ['verifier/'],
  ['guard.ts'],
  ['providers/', 'sessions/', 'stores/'],
  ['documents/'],
  ['entity/'],
  ['events.ts'],
  ['pages/words/', 'otp/', 'time/', 'method.ts', 'shape.ts', 'option-checks.ts', 'keys.ts', 'in-batches.ts', 'seal.ts', 'qr.ts'],
  ['errors.ts'],
  ['scrubbed.ts'],
  ['masked.ts', 'method.ts', 'own-property.ts']
]

/** Doors and commands, and the wings that nothing behind them may reach. */
const BORDERS: Readonly<Record<string, readonly string[]>> = {
  'index.ts': ['verify-api/', 'cli/', 'operations/', 'testing/'],
  'connect.ts': ['fastify/', 'verify-api/', 'cli/', 'operations/', 'testing/'],
  'verify-api.ts': ['verifier/', 'entity/', 'options.ts', 'setup.ts', 'fastify/', 'http/', 'cli/', 'testing/'],
  'testing.ts': ['fastify/', 'connect/', 'http/', 'operations/', 'cli/'],
  'operations.ts': ['fastify/', 'http/', 'verify-api/', 'cli/', 'testing/'],
  'cli/serve/serve.ts': ['fastify/', 'verifier/', 'cli/operations/', 'testing/'],
  'cli/operations/report.ts': ['fastify/', 'verify-api/', 'cli/serve/', 'testing/'],
  'cli/operations/user-commands.ts': ['fastify/', 'connect/', 'http/', 'verify-api/', 'cli/serve/', 'testing/']
}

/** Where a package may be imported, and each of Node's own modules that reads, writes or draws at random. */
const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  fastify: ['fastify/', 'verify-api/', 'cli/'],
  'fastify-plugin': ['fastify/plugin.ts'],
  qrcode: ['qr.ts'],
  // Loading it takes longer than starting a server: at run time there are the plain schemas.
  '@sinclair/typebox': ['http/schemas.ts', 'http/plain-schemas.ts'],
  '@scure/base': ['otp/secret.ts'],
  'node:crypto': ['cli/', 'providers/', 'stores/', 'entity/', 'otp/', 'seal.ts', 'testing/', 'verify-api/'],
  'node:assert/strict': ['testing/'],
  'node:diagnostics_channel': ['events.ts', 'connect/arrival.ts'],
  'node:http': ['fastify/', 'connect/', 'sessions/', 'verify-api/'],
  'node:timers/promises': ['time/back-off.ts', 'cli/'],
  'node:fs/promises': ['cli/', 'stores/folder.ts'],
  'node:path': ['cli/', 'stores/folder.ts'],
  'node:net': ['cli/'],
  'node:os': ['cli/'],
  'node:util': ['cli/', 'providers/twilio.ts', 'operations/', 'testing/'],
  'node:url': ['cli/'],
  'node:stream': ['cli/'],
  pg: ['cli/drivers.ts'],
  ioredis: ['cli/drivers.ts'],
  // The store of an operator.
  computed: ['cli/']
}

/** The files that read a clock of the machine; in the assets it is that of a browser, which counts down. */
const CLOCKS = ['pages/look/assets.ts', 'time/clock.ts', 'time/deadline.ts']

interface Import {
  readonly from: string
  readonly to: string
  readonly ours: boolean
  /** Whether it is gone once it is compiled. */
  readonly isOfTypes: boolean
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
const imports = files.flatMap(importsOf)
const ours = imports.filter(({ ours }) => ours)

t.test('imports go down; on the same floor they stay in the folder', async t => {
  t.strictSame(faults(ours, ({ from, to }) => {
    return floorOf(to) > floorOf(from) || (floorOf(to) === floorOf(from) && wingOf(to) === wingOf(from))
  }), [])
})

t.test('no file imports a door', async t => {
  t.strictSame(faults(ours, ({ to }) => floorOf(to) > 0), [])
})

t.test('no wing reaches another one across a border', async t => {
  for (const [door, closed] of Object.entries(BORDERS)) {
    t.strictSame([...reachedFrom(door)].filter(file => closed.some(path => file.startsWith(path))), [], door)
  }
})

t.test('the client loads itself, and nothing else', async t => {
  t.strictSame([...reachedFrom('client.ts')].filter(file => !/^client[./]/.test(file)), [])
  t.strictSame(imports.filter(({ from, ours }) => from.startsWith('client') && !ours), [])
})

t.test('no import cycles, not even of types', async t => {
  t.strictSame(files.map(file => cycleThrough(file)).filter(cycle => cycle.length > 0), [])
})

t.test('packages are imported where they belong', async t => {
  const theirs = imports.filter(({ ours }) => !ours)
  const isAllowed = ({ from, to }: Import) => OUTSIDE[to]?.some(path => from.startsWith(path)) === true
  t.strictSame(faults(theirs, isAllowed), [])
})

t.test('the typed schemas are imported for their types alone', async t => {
  t.strictSame(faults(ours, ({ to, isOfTypes }) => to !== 'http/schemas.ts' || isOfTypes), [])
})

t.test('one file reads the clock, and one measures how long a caller waits', async t => {
  t.strictSame(matching(/Date\.now|new Date\(\)|performance\.now/).sort(), CLOCKS)
})

t.test('what this package made is told apart by own properties, never by inherited ones', async t => {
  // Left are clients of the host, errors of the system, and promises.
  t.strictSame(matching(/'\w+' in /).sort(), [
    'cli/failure.ts', 'cli/keys.ts', 'cli/main.ts', 'cli/serve/folder-lock.ts', 'providers/twilio.ts',
    'sessions/cookie-session.ts', 'sessions/express-stored-session.ts', 'sessions/rotation.ts',
    'sessions/stored-session.ts', 'stores/redis-client.ts', 'stores/redis.ts', 'time/now-or-later.ts'
  ])
})

t.test('no way around the types', async t => {
  t.strictSame(matching(/\bas any\b|: any\b|<any>|as unknown as|@ts-|eslint-disable|c8 ignore/), [])
})

function faults (imports: readonly Import[], isRight: (each: Import) => boolean): string[] {
  return imports.filter(each => !isRight(each)).map(({ from, to }) => `${from} imports ${to}`)
}

function matching (pattern: RegExp): string[] {
  return files.filter(file => pattern.test(readFileSync(join(SRC, file), 'utf8')))
}

function floorOf (file: string): number {
  const found = FLOORS.flatMap((paths, floor) => paths.map(path => ({ path, floor })))
    .filter(({ path }) => file.startsWith(path))
    .sort((one, other) => other.path.length - one.path.length)
  if (found[0] === undefined) throw new Error(`${file} stands on no floor`)
  return found[0].floor
}

/** The folder below `src`, or the file itself where it has none. */
function wingOf (file: string): string {
  return file.split('/')[0] ?? ''
}

function importedBy (file: string): string[] {
  return ours.filter(({ from }) => from === file).map(({ to }) => to)
}

/** The files that a process loads with a door. */
function reachedFrom (door: string): Set<string> {
  const reached = new Set([door])
  const loaded = ours.filter(({ isOfTypes }) => !isOfTypes)
  for (const file of reached) for (const { from, to } of loaded) if (from === file) reached.add(to)
  return reached
}

function importsOf (from: string): Import[] {
  const source = ts.createSourceFile(from, readFileSync(join(SRC, from), 'utf8'), ts.ScriptTarget.Latest)
  const found: Import[] = []
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node)
    if (specifier !== null) {
      const ours = specifier.startsWith('.')
      const path = relative(SRC, join(SRC, dirname(from), specifier)).replace(/\.js$/, '.ts')
      found.push({ from, to: ours ? path : specifier, ours, isOfTypes: isOfTypes(node) })
    }
    node.forEachChild(visit)
  }
  visit(source)
  return found
}

function isOfTypes (node: ts.Node): boolean {
  return (ts.isImportDeclaration(node) && node.importClause?.isTypeOnly === true) ||
    (ts.isExportDeclaration(node) && node.isTypeOnly)
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

function cycleThrough (start: string): string[] {
  const seen = new Set<string>()
  const walk = (file: string, path: readonly string[]): string[] => {
    for (const next of importedBy(file)) {
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
