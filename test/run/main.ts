import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPglite } from '../pglite.js'
import { ROOT } from '../root.js'
import { chooseFiles, compiledFile, isSystemTest } from './files.js'
import { summarize } from './results.js'
import { startServices } from './services.js'

/*
 * Runs tests: all that need nothing but Node.js; with `--all` the system tests too, and thoroughly. Names of
 * test files or folders select these alone. Other options are tap's.
 */

const TAP = join(ROOT, 'node_modules/tap/dist/esm/run.mjs')
const RESULTS = join(ROOT, '.tap/run.tap')

const args = process.argv.slice(2)
const all = args.includes('--all')
const names = args.filter(arg => !arg.startsWith('-'))
const files = chooseFiles(names, all)
const options = [
  `--output-file=${RESULTS}`,
  // Only all tests together cover all lines.
  ...all && names.length === 0 ? [] : ['--disable-coverage'],
  // A terminal shows progress; a log needs only the failures.
  ...process.stdout.isTTY ? [] : ['--reporter=min'],
  ...args.filter(arg => arg.startsWith('-') && arg !== '--all')
]

// Both get the signal of a terminal: tap ends the tests, and then the servers end here.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})

await createPglite()
const services = files.some(isSystemTest) ? await startServices() : null
try {
  process.exitCode = await runTap({ ...process.env, ...services?.env, ...all && { THOROUGH: '1' } })
} finally {
  await services?.stop()
}

async function runTap (env: NodeJS.ProcessEnv): Promise<number> {
  mkdirSync(join(ROOT, '.tap'), { recursive: true })
  writeFileSync(RESULTS, '')
  const tap = spawn(process.execPath, [TAP, ...options, ...files.map(compiledFile)], { cwd: ROOT, env, stdio: 'inherit' })
  const [code] = await once(tap, 'close')
  console.log()
  for (const line of summarize(readFileSync(RESULTS, 'utf8'))) console.log(line)
  return code ?? 1
}
