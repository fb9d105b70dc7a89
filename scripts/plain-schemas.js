/**
 * Writes src/http/plain-schemas.ts: the schemas of src/http/schemas.ts as plain objects, so that a server starts
 * without TypeBox. Run it after `npm run build` when those have changed; a test tells when it is due.
 */
import { writeFileSync } from 'node:fs'
import * as schemas from '../dist/http/schemas.js'

const HEAD = `// Written by \`npm run schemas\` from schemas.ts, which says what each of them is.
import type { Static } from '@sinclair/typebox'
import type { Schema } from './schema.js'
import type * as typed from './schemas.js'
`

const lines = Object.entries(schemas).map(([name, schema]) =>
  `export const ${name}: Schema<Static<typeof typed.${name}>> = ${JSON.stringify(schema)}\n`)
writeFileSync(new URL('../src/http/plain-schemas.ts', import.meta.url), [HEAD, ...lines].join('\n'))
