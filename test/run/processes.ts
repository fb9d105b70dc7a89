import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ROOT } from '../root.js'
import { compiledFile } from './files.js'
import { readResults, type Results } from './results.js'
import { runTap } from './tap.js'

/** Seconds that a test file may take. */
const TIMEOUT = '1200'
/** Where each test file's output is until all have passed. Another run may be going on beside this one. */
const OUTPUT = join(ROOT, `.tap/test-results/${process.pid}`)
/** What a test needs that replaces modules. */
const MOCKS = ['--import', import.meta.resolve('@tapjs/mock/import')]

interface Run extends Results {
  readonly output: string
  readonly ok: boolean
}

/**
 * Runs each test file by Node.js alone. That takes half as much as tap's own command, which also measures
 * coverage, lets any test replace modules, and reads every line that a test says.
 */
export async function runProcesses (
  files: readonly string[], env: NodeJS.ProcessEnv
): Promise<{ ok: boolean, results: readonly Results[] }> {
  const waiting = files.values()
  const runs: Run[] = []
  const work = async () => {
    for (const file of waiting) runs.push(await runProcess(file, env))
  }
  // One more than there are cores: some tests wait more than they work.
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, work))
  const failed = runs.filter(({ ok }) => !ok)
  if (failed.length > 0) await runTap(['--disable-coverage', ...failed.map(({ output }) => output)], process.env)
  else rmSync(OUTPUT, { recursive: true, force: true })
  return { ok: failed.length === 0, results: runs }
}

async function runProcess (file: string, env: NodeJS.ProcessEnv): Promise<Run> {
  const start = performance.now()
  const mocks = readFileSync(join(ROOT, 'test', file), 'utf8').includes('mockImport') ? MOCKS : []
  const child = spawn(process.execPath, ['--enable-source-maps', ...mocks, compiledFile(file)], {
    cwd: ROOT, env: { TAP_TIMEOUT: TIMEOUT, ...env }, stdio: ['ignore', 'pipe', 'pipe']
  })
  const [tap, errors, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const seconds = ((performance.now() - start) / 1000).toFixed(1)

  const output = join(OUTPUT, `${file}.tap`)
  mkdirSync(dirname(output), { recursive: true })
  writeFileSync(output, tap)
  const results = readResults(tap)
  const ok = code === 0 && results.passed + results.skipped > 0
  console.log(`${ok ? 'ok' : 'not ok'} ${join('test', file)} (${results.passed} in ${seconds} s)`)
  if (!ok) console.log(`It ended with ${signal ?? `exit code ${code}`}.\n${errors}`)
  return { ...results, output, ok }
}
