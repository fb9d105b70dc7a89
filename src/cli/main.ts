#!/usr/bin/env node
import { report } from './operations/report.js'
import { reseal } from './operations/reseal.js'
import { run } from './command.js'
import { serve } from './serve/serve.js'
import { reasonOf } from './failure.js'
import { exporting, importing } from './operations/export.js'

const commands = { serve, report, reseal, export: exporting, import: importing }

process.stdout.on('error', error => {
  // Whoever reads the output may have enough of it, as `head` has; anything else is news.
  if (!('code' in error && error.code === 'EPIPE')) process.stderr.write(`fastify-verify-totp: ${reasonOf(error)}\n`)
  process.exit(1)
})

const exitCode = await run(commands, process.argv.slice(2), process)
// Not only `process.exitCode`: a store of somebody else's may have left something open. Not before stdout has
// all that was written, or has told that it has not.
process.stdout.write('', () => setImmediate(() => process.exit(exitCode)))
