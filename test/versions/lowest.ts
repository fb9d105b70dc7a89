import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../root.js'

/** The lowest versions of packages that hosts bring with them, and whose clients they pass to us. */
export const lowest: Readonly<Record<string, string>> =
  JSON.parse(readFileSync(join(ROOT, 'test/versions/lowest.json'), 'utf8'))
