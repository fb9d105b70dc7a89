#!/usr/bin/env node
import { runCommand } from './command.js'
import { reasonOf } from './failure.js'
import { exportCommand } from './operations/export.js'
import { importCommand } from './operations/import.js'
import { passCommand } from './operations/pass.js'
import { reportCommand } from './operations/report.js'
import { resealCommand } from './operations/reseal.js'
import { showCommand } from './operations/show.js'
import {
  moveCommand, removeCommand, resetCommand, revokeCommand, unlockCommand
} from './operations/user-commands.js'
import { serveCommand } from './serve/serve.js'

const commands = {
  serve: serveCommand,
  report: reportCommand,
  reseal: resealCommand,
  export: exportCommand,
  import: importCommand,
  show: showCommand,
  pass: passCommand,
  revoke: revokeCommand,
  unlock: unlockCommand,
  remove: removeCommand,
  reset: resetCommand,
  move: moveCommand
}

process.stdout.on('error', error => {
  // A reader such as `head` may close the pipe early. Any other error is worth a message.
  if (!('code' in error && error.code === 'EPIPE')) process.stderr.write(`fastify-verify-totp: ${reasonOf(error)}\n`)
  process.exit(1)
})

const exitCode = await runCommand(commands, process.argv.slice(2), process)
// `process.exitCode` isn't enough: a store of the user's own may keep the event loop alive. The callback of
// the empty write runs when stdout has taken all output, or has failed.
process.stdout.write('', () => setImmediate(() => process.exit(exitCode)))
