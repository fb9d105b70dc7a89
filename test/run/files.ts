import { readdirSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { ROOT } from '../root.js'

const TESTS = join(ROOT, 'test')
/** They have packages of their own, and are run by `npm run bench`. */
const BENCH = 'bench'

/**
 * True for tests that start other processes than Node.js needs by itself: the example, the command, a server,
 * or a program that a machine may lack.
 */
export function isSystemTest (file: string): boolean {
  return file.endsWith('.system.test.ts')
}

/** The test files to run, as their sources are called: those of the given names, or all of a kind. */
export function chooseFiles (names: readonly string[], all: boolean): string[] {
  const files = listFiles()
  if (names.length === 0) return files.filter(file => all || !isSystemTest(file))
  return names.flatMap(name => {
    const path = relative(TESTS, resolve(name))
    const chosen = files.filter(file => file === path || file.startsWith(path + sep))
    if (chosen.length === 0) throw new Error(`there is no test file ${name}`)
    return chosen
  })
}

/** Where the compiler puts a test file. */
export function compiledFile (file: string): string {
  return join('build', 'test', file.replace(/\.ts$/, '.js'))
}

function listFiles (): string[] {
  return readdirSync(TESTS, { withFileTypes: true })
    .filter(({ name }) => name !== BENCH)
    .flatMap(entry => entry.isDirectory()
      ? readdirSync(join(TESTS, entry.name), { recursive: true, encoding: 'utf8' }).map(file => join(entry.name, file))
      : [entry.name])
    .filter(file => file.endsWith('.test.ts'))
    .sort()
}
