#!/usr/bin/env node
import { report } from './report.js'
import { reseal } from './reseal.js'
import { run } from './run.js'
import { serve } from './serve.js'
import { exporting, importing } from './transfer.js'

const commands = { serve, report, reseal, export: exporting, import: importing }

// Whoever reads the output may have enough of it, as `head` has: nobody is there to go on for.
process.stdout.on('error', () => process.exit(1))

process.exitCode = await run(commands, process.argv.slice(2), process)
