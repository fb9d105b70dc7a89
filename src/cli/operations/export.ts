import { exportEntities, importEntities } from '../../operations/transfer.js'
import { withStore } from './open-store.js'
import { read, written } from './export-file.js'
import { tellAll, totalFor } from './tally.js'
import type { Command } from '../command.js'
import { STORE_HELP, storeOptionsOf } from './store-choice.js'

const EXPORT_HELP = `Usage: fastify-verify-totp export [options] > file

Writes everything that the plugin keeps to stdout, for "import": a line of JSON for each identity. Secrets in
it are sealed; treat it like a copy of the database all the same. Stop the servers before, or a code that is
used after the export works once more where it is imported.

${STORE_HELP}  --help                prints this
`

const IMPORT_HELP = `Usage: fastify-verify-totp import [options] < file

Reads from stdin what "export" wrote. The table has to be there. Identities of which the store has something
else already stay as they are, and are named. It can be repeated. The servers there need the keys of those that
the export is from.

${STORE_HELP}  --help                prints this
`

/** Writes everything that is kept to stdout. */
export const exporting: Command = {
  summary: 'writes everything that is kept, for import',
  help: EXPORT_HELP,

  async run (args, surroundings) {
    const { choice } = storeOptionsOf('export', [], args, surroundings.env)
    const { stdout } = surroundings
    await withStore(choice, async store => {
      const total = await totalFor(surroundings, store)
      const exported = written(exportEntities({ store }), line => { stdout.write(`${line}\n`) })
      await tellAll(surroundings, total, exported, () => null)
    })
  }
}

/** Reads from stdin what `export` wrote. */
export const importing: Command = {
  summary: 'reads what export wrote into another store',
  help: IMPORT_HELP,

  async run (args, surroundings) {
    const { choice } = storeOptionsOf('import', [], args, surroundings.env)
    const { stdin } = surroundings
    try {
      await withStore(choice, async store => {
        await tellAll(surroundings, null, importEntities({ store, entities: read(stdin) }), () => null)
      })
    } finally {
      // Whoever writes to it would wait for ever.
      stdin.destroy()
    }
  }
}
