import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPglite } from '../pglite.js'
import { ROOT } from '../root.js'
import { startDatabases } from './databases.js'
import { chooseFiles, compiledFile, isSystemTest } from './files.js'
import { runProcesses } from './processes.js'
import { readResults, summarize } from './results.js'
import { runTap } from './tap.js'

/*
 * Runs the tests that need nothing but Node.js; with `--all` the system tests too, each one as thoroughly as
 * in CI, and with coverage unless there is `--no-coverage`. Names of test files or folders select these only.
 */

const args = process.argv.slice(2)
const flags = args.filter(arg => arg.startsWith('-'))
const names = args.filter(arg => !arg.startsWith('-'))
const all = flags.includes('--all')
const files = chooseFiles(names, all)

await createPglite()
const databases = files.some(isSystemTest) ? await startDatabases() : null
try {
  const env = { ...process.env, ...databases?.env, ...all && { THOROUGH: '1' } }
  // Only all tests together cover every line.
  const isCovered = all && names.length === 0 && !flags.includes('--no-coverage')
  const { ok, results } = isCovered ? await runCovered(env) : await runProcesses(files, env)
  for (const line of summarize(results)) console.log(line)
  process.exitCode = ok ? 0 : 1
} finally {
  await databases?.stop()
}

async function runCovered (env: NodeJS.ProcessEnv) {
  const output = join(ROOT, '.tap/run.tap')
  mkdirSync(join(ROOT, '.tap'), { recursive: true })
  const ok = await runTap([`--output-file=${output}`, ...files.map(compiledFile)], env)
  const results = readResults(readFileSync(output, 'utf8'))
  // The report of the coverage swallows that of the failures.
  if (results.failed > 0) await runTap(['--disable-coverage', output], process.env)
  return { ok, results: [results] }
}
