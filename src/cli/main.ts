#!/usr/bin/env node
import { run } from './run.js'
import { serve } from './serve.js'

const commands = { serve }

process.exitCode = await run(commands, process.argv.slice(2), process)
