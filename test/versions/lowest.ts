import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../root.js'

/** The lowest versions of packages that hosts bring with them. */
export const lowest: Readonly<Record<string, string>> =
  JSON.parse(readFileSync(join(ROOT, 'test/versions/lowest.json'), 'utf8'))

/** A `node_modules` with these versions; empty where there is none. */
export const { LOWEST = '' } = process.env

/** Why tests that need it are skipped; false where they run. */
export const lackingLowest = LOWEST === '' && `needs LOWEST, a node_modules with ${Object.keys(lowest).join(', ')}`

const require = createRequire(resolve(LOWEST, 'any.js'))

/** The package, imported as a host or one of our commands imports it. */
export async function imported (name: string) {
  return await import(pathToFileURL(require.resolve(name)).href)
}

/** The version that is there. */
export function installedVersion (name: string): string {
  return JSON.parse(readFileSync(join(LOWEST, name, 'package.json'), 'utf8')).version
}
