import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'

t.test('the compiler refuses every misuse that it can know of, and nothing else', async t => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const file = fileURLToPath(new URL('types/misuse.ts', import.meta.url))
  const read = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile)
  t.equal(read.error, undefined)
  const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, root)
  const program = ts.createProgram([file], options)
  const source = program.getSourceFile(file)
  t.ok(source)
  const diagnostics = ts.getPreEmitDiagnostics(program, source)
  const sentences = diagnostics.map(({ start = 0, messageText }) => {
    const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1
    return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
  t.same(sentences, [])
  t.ok((source?.text.match(/@ts-expect-error/g)?.length ?? 0) > 40, 'there are expectations')
})
