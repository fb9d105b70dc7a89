import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../clients/command.js'
import { lacking, programPath } from '../example/programs.js'
import { applicationFolder, linkPackages } from './application-folder.js'
import { block, blocks, codeIn, table, transpiled, type Block } from './pages.js'
import { compiled } from './program.js'
import { isKitRecipe } from './recipe-packages.js'
import { running } from './running-server.js'

const { KIT = '' } = process.env
const PAGE = 'docs/testing.md'
/** What an application has beside the package and the libraries for its tests. */
const OURS = [
  'fastify', '@fastify/cookie', '@fastify/session', 'express', 'express-session', '@types/express',
  '@types/express-serve-static-core', '@types/express-session', '@types/node', 'twilio'
]
const LIBRARIES = ['vitest', 'jest', '@jest/globals', 'tap', 'supertest', '@types/supertest', '@playwright/test']

const NODE_TEST = "import { test } from 'node:test'"
const WITH_INJECT = block(PAGE, '/** A fixture:')
const WITH_SUPERTEST = block(PAGE, "from 'supertest'")
const WITH_TWILIO = block(PAGE, 'fakeTwilio({')
/** The name of each runner, its own import of `test`, and the command that runs it. */
const RUNNERS = table(PAGE, 'runner').map(([name = '', line = '', command = '']) => ({
  name, line: codeIn(line)[0] ?? '', command: codeIn(command)[0] ?? ''
}))
/** What the runners need here alone: no coverage of a project that isn't there, and patience. */
const MORE: Readonly<Record<string, string>> = {
  tap: ' --disable-coverage', vitest: ' --testTimeout=60000', jest: ' --testTimeout=60000'
}

/** What a runner says of its tests where it doesn't name their files. */
const WHOSE: Readonly<Record<string, string>> = { 'node:test': 'pass 4' }

/** A folder outside the project, as of a team that has installed all of it. */
function teamFolder (t: Test): string {
  const folder = applicationFolder(t, OURS)
  linkPackages(folder, KIT, LIBRARIES)
  return folder
}

/** A test of the page, for another runner. */
function forRunner ({ code, ...rest }: Block, line: string): Block {
  return { ...rest, code: code.replace(NODE_TEST, line) }
}

/** The tests that a runner runs. Before Node.js 24.9, jest can't load a package that `inject` needs. */
function testsFor (name: string, line: string): Readonly<Record<string, string>> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const hasInject = name !== 'jest' || major > 24 || (major === 24 && minor >= 9)
  const twilio = `import assert from 'node:assert'\n${line}\n${WITH_TWILIO.code}\n` +
    "test('Twilio', async () => { assert.equal(options.provider.name, 'twilio') })\n"
  return {
    ...hasInject ? { inject: forRunner(WITH_INJECT, line).code } : {},
    supertest: forRunner(WITH_SUPERTEST, line).code,
    twilio
  }
}

/** Runs a command of the page in a folder, as npx does. */
async function inFolder (folder: string, command: string) {
  const bare = command.replace('npx ', '')
  const env = { PATH: `${join(KIT, '.bin')}:${process.env['PATH'] ?? ''}`, HOME: folder }
  const { exitCode, stdout, stderr } = await run('/bin/sh', ['-c', `cd "${folder}" && ${bare}`], env)
  return { exitCode, output: stdout + stderr }
}

t.test('the tests of the page about testing', {
  skip: KIT === '' && `needs KIT, a node_modules with ${LIBRARIES.join(', ')}`
}, async t => {
  t.test('they compile', async t => {
    t.strictSame(RUNNERS.map(({ name }) => name), ['node:test', 'vitest', 'jest', 'tap'])
    const tests = RUNNERS.flatMap(({ line }, index) => [WITH_INJECT, WITH_SUPERTEST].map(block =>
      ({ ...forRunner(block, line), line: block.line + index })))
    t.strictSame(compiled([...blocks.filter(isKitRecipe), ...tests], teamFolder(t)).faults, [])
  })

  for (const { name, line, command } of RUNNERS) {
    t.test(`with ${name}: they pass, and a fault is found`, async t => {
      const folder = teamFolder(t)
      const tests = Object.entries(testsFor(name, line))
      const write = (file: string, code: string) => writeFileSync(join(folder, `${file}.test.js`), transpiled(code))
      for (const [file, code] of tests) write(file, code)
      const passed = await inFolder(folder, command + (MORE[name] ?? ''))
      t.equal(passed.exitCode, 0, passed.output)
      for (const [file] of tests) t.match(passed.output, WHOSE[name] ?? `${file}.test.js`, 'it ran')
      for (const [file, code] of tests) write(file, code.replaceAll('phone.nextCode()', 'phone.code()'))
      const failed = await inFolder(folder, command + (MORE[name] ?? ''))
      t.equal(failed.exitCode, 1, failed.output)
    })
  }

  t.test('in Chromium, with Playwright', { skip: lacking('chromium') }, async t => {
    const folder = teamFolder(t)
    const quickstart = block('README.md', 'await app.listen').code.replace('port: 3000', 'port: 0')
    const { port } = await running(t, folder, `${transpiled(quickstart)}\nprocess.send(app.addresses()[0].port)\n`)
    writeFileSync(join(folder, 'vault.spec.js'), transpiled(block(PAGE, "from '@playwright/test'").code))
    const use = {
      baseURL: `http://127.0.0.1:${port}`,
      launchOptions: { executablePath: programPath('chromium'), args: ['--no-sandbox', '--disable-gpu'] }
    }
    const config = join(folder, 'playwright.config.js')
    writeFileSync(config, `export default ${JSON.stringify({ use, reporter: 'list', timeout: 120_000, expect: { timeout: 60_000 } })}`)
    const { exitCode, output } = await inFolder(folder, `playwright test --config ${basename(config)}`)
    t.equal(exitCode, 0, output)
    t.match(output, /1 passed/)
  })
})
