import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { memoryStore } from '../../src/index.js'
import { storeSuite } from '../../src/testing.js'
import { run } from '../clients/command.js'
import { ROOT } from '../root.js'

const { VITEST = '' } = process.env

/** The part of the report that is read. */
interface Report {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{
      readonly title: string, readonly status: string, readonly failureMessages: readonly string[]
    }>
  }>
}

/** A folder outside the project, as of a team that has installed the built package and vitest. */
function teamFolder (t: Test): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'store-suite-')))
  t.teardown(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules', 'fastify-verify-totp'))
  symlinkSync(dirname(realpathSync(VITEST)), join(folder, 'node_modules', 'vitest'))
  return folder
}

/** The outcome of the suite over a store, which may use `get` and `replace` of a right one. */
async function tried (t: Test, store: string) {
  const folder = teamFolder(t)
  writeFileSync(join(folder, 'store.test.js'), `
    import { test } from 'vitest'
    import { memoryStore } from 'fastify-verify-totp'
    import { storeSuite } from 'fastify-verify-totp/testing'
    const { get, replace, list } = memoryStore()
    storeSuite({ test, factory: () => (${store}), seed: 42 })`)
  const args = ['run', '--root', folder, '--reporter=json', '--testTimeout=60000']
  const { exitCode, stdout } = await run(VITEST, args, {})
  const report: Report = JSON.parse(stdout)
  return { exitCode, tests: report.testResults.flatMap(({ assertionResults }) => assertionResults) }
}

function guarantees (): string[] {
  const names: string[] = []
  storeSuite({ test: name => names.push(name), factory: () => memoryStore() })
  return names
}

t.test('the suite of stores runs with vitest', {
  skip: VITEST === '' && 'needs VITEST, the path of an installed vitest'
}, async t => {
  t.test('a store that keeps every guarantee passes every test', async t => {
    const { exitCode, tests } = await tried(t, '{ get, replace, list }')
    t.same(tests.map(({ title, status }) => [title, status]), guarantees().map(name => [name, 'passed']))
    t.equal(exitCode, 0)
  })

  t.test('a store that breaks a guarantee fails its test, and the failure names the seed', async t => {
    const { exitCode, tests } = await tried(t, '{ get: async key => await get(key) ?? undefined, replace, list }')
    const broken = tests.find(({ title }) => title === 'a key that was never written has no document')
    t.match(broken, { status: 'failed', failureMessages: [/seed 42/] })
    t.equal(tests.length, guarantees().length)
    t.equal(exitCode, 1)
  })
})
