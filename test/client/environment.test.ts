import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { ROOT } from '../root.js'

/** Browsers, React Native and Node.js have all of them; the last is `globalThis.fetch`. */
const GLOBALS = [
  'AbortController', 'AbortSignal', 'Headers', 'Request', 'RequestInit', 'Response', 'URL', 'globalThis'
]

t.test('the client needs the globals of fetch, and no others', async t => {
  const folder = join(ROOT, 'src', 'client')
  const program = ts.createProgram(readdirSync(folder).map(file => join(folder, file)), {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2022.d.ts'],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true
  })
  const own = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(folder))
  const sentences = own.flatMap(file => program.getSemanticDiagnostics(file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
  const missing = sentences.flatMap(text =>
    [/^Cannot find name '(\w+)'/, /type 'typeof (globalThis)' has no index/].map(pattern => pattern.exec(text)?.[1]))
  t.strictSame([...new Set(missing)].filter(name => name !== undefined).sort(), GLOBALS)
})

t.test('the types suit a page whose compiler knows no Node.js, and a server whose compiler knows no page', async t => {
  const source = `
    import { createTotpClient, withTotp, type Result } from ${JSON.stringify(join(ROOT, 'dist', 'client.js'))}
    const totp = createTotpClient({ prefix: '/totp', fetch })
    const api = withTotp(fetch, { totp, ask: ({ error }) => error === null ? '123456' : null })
    const listed = await totp.factors()
    if (listed.ok) {
      const names: string[] = listed.value.factors.map(factor => factor.friendlyName)
      const status: 'unverified' | 'verified' | undefined = listed.value.factors[0]?.status
      const expiresAt: string | undefined = listed.value.approval?.expiresAt
      void [names, status, expiresAt]
    } else {
      const seconds: number | null = listed.error.retryAfter
      void [seconds, listed.error.code === 'ERR_TOTP_LOCKED']
    }
    const enrolled = await totp.enroll({ qr: 'png' })
    const qr: string = enrolled.ok ? enrolled.value.binding.qr : ''
    const done: Result<void> = await totp.remove('YF')
    const answer: Response = await api(new Request('https://api.example/vault'), { method: 'POST' })
    // @ts-expect-error: a code is a string
    await totp.challenge({ code: 123456 })
    // @ts-expect-error: the client keeps the token
    void (enrolled.ok && enrolled.value.token)
    export { qr, done, answer }
  `
  const file = join(ROOT, 'build', 'page.ts')
  for (const [lib, types] of [['lib.dom.d.ts', []], ['lib.es2023.d.ts', ['node']]] as const) {
    const options: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ['lib.es2022.d.ts', lib],
      types: [...types],
      strict: true,
      noEmit: true
    }
    const host = ts.createCompilerHost(options)
    const { getSourceFile, fileExists } = host
    const program = ts.createProgram([file], options, {
      ...host,
      fileExists: path => path === file || fileExists(path),
      getSourceFile: (path, ...rest) => path === file
        ? ts.createSourceFile(path, source, ts.ScriptTarget.ES2022)
        : getSourceFile(path, ...rest)
    })
    t.strictSame(ts.getPreEmitDiagnostics(program).map(({ messageText, file }) =>
      `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`), [], lib)
  }
})
