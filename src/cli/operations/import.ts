import { importEntities } from '../../operations/transfer.js'
import type { Command } from '../command.js'
import { neededKeys } from '../keys.js'
import { readExport } from './export-file.js'
import { withStore } from './open-store.js'
import { KEYS_HELP, parseStoreArguments, STORE_HELP } from './store-choice.js'
import { tallyOutcomes } from './tally.js'

const HELP = `Usage: fastify-verify-totp import [options] < file

Reads from stdin what "export" wrote. The table must exist. If the store already has another entity for an
identity, that stays unchanged and is reported. You can run the import again. It needs the keys of the servers, from
the variable TOTP_KEYS or from a file, as "reseal" does, and refuses an entity that they don't open.

${STORE_HELP}${KEYS_HELP}  --help                prints this help
`

/** Reads an export from stdin into a store. */
export const importCommand: Command = {
  summary: 'reads an export from stdin into a store',
  help: HELP,

  async run (args, environment) {
    const { stdin, env } = environment
    try {
      const { choice, keysFile } = parseStoreArguments({ name: 'import', options: ['keys'] }, args, env)
      const keys = await neededKeys('import', keysFile, env)
      await withStore(choice, async store => {
        const outcomes = importEntities({ store, keys, entities: readExport(stdin) })
        await tallyOutcomes(environment, null, outcomes, () => null)
      })
    } finally {
      // If we stopped reading early, the program that writes to the pipe would wait forever.
      stdin.destroy()
    }
  }
}
