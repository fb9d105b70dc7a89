import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { ROOT } from './root.js'

t.test('the compiler refuses every misuse that it can know of, and nothing else', async t => {
  const file = join(ROOT, 'test/types/misuse.ts')
  const read = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile)
  t.equal(read.error, undefined)
  const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, ROOT)
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
