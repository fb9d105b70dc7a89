import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { ROOT } from './root.js'

/** The files that no line may be wrong in, and what packages stand for others in them. */
const COMPILED: ReadonlyArray<readonly [file: string, paths?: ts.MapLike<string[]>]> = [
  ['misuse.ts'],
  ['express.ts'],
  ['express.ts', { express: ['./node_modules/@types/express4'] }]
]

for (const [name, paths = {}] of COMPILED) {
  const title = [name, ...Object.values(paths).flat()].join(' with ')
  t.test(`the compiler refuses every misuse that it can know, and nothing else: ${title}`, async t => {
    const file = join(ROOT, 'test/types', name)
    const read = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile)
    t.equal(read.error, undefined)
    const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, ROOT)
    const program = ts.createProgram([file], { ...options, paths, pathsBasePath: ROOT })
    const source = program.getSourceFile(file)
    t.ok(source)
    const diagnostics = ts.getPreEmitDiagnostics(program, source)
    const sentences = diagnostics.map(({ start = 0, messageText }) => {
      const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1
      return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    })
    t.same(sentences, [])
    t.ok((source?.text.match(/@ts-expect-error/g)?.length ?? 0) > 20, 'there are expectations')
    const files = program.getSourceFiles().map(({ fileName }) => fileName).join()
    for (const path of Object.values(paths).flat()) t.ok(files.includes(path.slice(2)), path)
  })
}

const { ESNext, Node16, NodeNext } = ts.ModuleKind
const RESOLUTIONS = {
  node10: { module: ESNext, moduleResolution: ts.ModuleResolutionKind.Node10 },
  node16: { module: Node16, moduleResolution: ts.ModuleResolutionKind.Node16 },
  nodenext: { module: NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  bundler: { module: ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }
}

/** One function of each entry point. */
const USES: Readonly<Record<string, string>> = {
  'fastify-verify-totp': 'memoryStore',
  'fastify-verify-totp/connect': 'createTotp',
  'fastify-verify-totp/client': 'createTotpClient',
  'fastify-verify-totp/pages': 'en.frame.leave',
  'fastify-verify-totp/verify-api': 'verifyApi',
  'fastify-verify-totp/operations': 'countIdentities',
  'fastify-verify-totp/testing': 'storeSuite'
}

/** A module outside the project for each entry point, with one error, which only its types can find. */
function consumerOf (t: Test): Readonly<Record<string, string>> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'consumer-')))
  t.teardown(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules', 'fastify-verify-totp'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return Object.fromEntries(Object.entries(USES).map(([door, use], index) => {
    const file = join(folder, `${index}.ts`)
    const [name] = use.split('.')
    writeFileSync(file, `import { ${name} } from '${door}'\nexport const used: typeof ${use} = ${use}\n${use}(1, 2, 3, 4)\n`)
    return [door, file]
  }))
}

t.test('every entry point has its types, however modules are resolved', async t => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const doors = Object.keys(exports).filter(name => !name.endsWith('.json'))
  t.strictSame(doors.map(name => name.replace('.', 'fastify-verify-totp')).sort(), Object.keys(USES).sort())
  const consumer = consumerOf(t)
  for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
    const program = ts.createProgram(Object.values(consumer), {
      ...resolution, target: ts.ScriptTarget.ES2022, strict: true, noEmit: true, skipLibCheck: true, types: []
    })
    for (const [door, file] of Object.entries(consumer)) {
      const found = ts.getPreEmitDiagnostics(program, program.getSourceFile(file))
      t.match(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
        [/^Expected \d(?:-\d)? arguments, but got 4\.$/], `${door} with ${name}`)
      t.equal(found.length, 1)
    }
  }
})
