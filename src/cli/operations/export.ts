import { exportEntities } from '../../operations/transfer.js'
import type { Command } from '../command.js'
import { writeExport } from './export-file.js'
import { withStore } from './open-store.js'
import { parseStoreArguments, STORE_HELP } from './store-choice.js'
import { countForProgress, tallyOutcomes } from './tally.js'

const HELP = `Usage: fastify-verify-totp export [options] > file

Writes everything that the plugin keeps to stdout, for "import": one line of JSON per identity. Its secrets
are sealed, but treat it like a copy of the database. Stop the servers first: a code used after the export would work
again where you import it.

${STORE_HELP}  --help                prints this help
`

/** Writes everything in a store to stdout. */
export const exportCommand: Command = {
  summary: 'writes everything in a store to stdout, for import',
  help: HELP,

  async run (args, environment) {
    const { choice } = parseStoreArguments({ name: 'export', options: [] }, args, environment.env)
    const { stdout } = environment
    await withStore(choice, async store => {
      const total = await countForProgress(environment, store)
      const exported = writeExport(exportEntities({ store }), line => { stdout.write(`${line}\n`) })
      await tallyOutcomes(environment, total, exported, () => null)
    })
  }
}
