import { importEntities } from '../../operations/transfer.js'
import type { Command } from '../command.js'
import { readExport } from './export-file.js'
import { withStore } from './open-store.js'
import { parseStoreArguments, STORE_HELP } from './store-choice.js'
import { tallyOutcomes } from './tally.js'

const HELP = `Usage: fastify-verify-totp import [options] < file

Reads from stdin what "export" wrote. The table must exist. An identity that the store already has with other
content stays as it is and is reported. You can run it again. The servers of the new store need the keys of the
old ones.

${STORE_HELP}  --help                prints this help
`

/** Reads an export from stdin into a store. */
export const importCommand: Command = {
  summary: 'reads an export from stdin into a store',
  help: HELP,

  async run (args, environment) {
    const { choice } = parseStoreArguments('import', [], args, environment.env)
    const { stdin } = environment
    try {
      await withStore(choice, async store => {
        const outcomes = importEntities({ store, entities: readExport(stdin) })
        await tallyOutcomes(environment, null, outcomes, () => null)
      })
    } finally {
      // If we stopped reading early, the program that writes to the pipe would wait forever.
      stdin.destroy()
    }
  }
}
