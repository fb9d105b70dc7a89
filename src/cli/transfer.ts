import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { countIdentities } from '../operations/entities.js'
import type { RefusedIdentity } from '../operations/report.js'
import { exportEntities, importEntities, type ExportedIdentity, type Importable } from '../operations/transfer.js'
import type { EntityStore } from '../stores/store.js'
import { withStore } from './entity-store.js'
import { tellAll } from './outcomes.js'
import type { Command, Output } from './run.js'
import { StartError } from './start-error.js'
import { STORE_HELP, storeOptionsOf } from './store-options.js'

/** The layout of an export; another one is refused rather than guessed at. */
const FORMAT = 1

const EXPORT_HELP = `Usage: fastify-verify-totp export [options] > file

Writes everything that is kept to stdout, for "import": a line of JSON for each identity. Secrets in it are
sealed; treat it like a copy of the database all the same. Stop the servers before, or a code that is used
after the export works once more where it is imported.

${STORE_HELP}  --help                prints this
`

const IMPORT_HELP = `Usage: fastify-verify-totp import [options] < file

Reads from stdin what "export" wrote. Identities of which the store has something already stay as they are. It
can be repeated. The servers there need the keys of those that the export is from.

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
      const total = await countIdentities({ store })
      stdout.write(`${JSON.stringify({ export: 'fastify-verify-totp', format: FORMAT, total })}\n`)
      await tellAll(surroundings, total, exported(store, stdout), ({ identity, entity }) =>
        JSON.stringify({ identity, entity }))
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
        const lines = linesOf(stdin)
        const total = await totalOf(lines)
        await tellAll(surroundings, total, importEntities({ store, entities: entitiesIn(lines) }), () => null)
      })
    } finally {
      // Whoever writes to it would wait for ever.
      stdin.destroy()
    }
  }
}

/** All that can be exported, and behind it a line with how many that were. */
async function * exported (
  store: EntityStore, stdout: Output
): AsyncGenerator<ExportedIdentity | RefusedIdentity, void, undefined> {
  let count = 0
  for await (const found of exportEntities({ store })) {
    if (found.status === 'exported') count++
    yield found
  }
  stdout.write(`${JSON.stringify({ exported: count })}\n`)
}

type Lines = AsyncIterator<string>

function linesOf (input: Readable): Lines {
  return createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]()
}

/** How many identities there are, as the first line says. */
async function totalOf (lines: Lines): Promise<number> {
  const { value } = await lines.next()
  const head = parsed(value)
  if (head?.export !== 'fastify-verify-totp' || head.format !== FORMAT) {
    throw new StartError('what came in is no export of this version')
  }
  return Number(head.total)
}

/** Up to the last line, which has to tell their number: an export that ends before is cut short. */
async function * entitiesIn (lines: Lines): AsyncGenerator<Importable> {
  for (let count = 0; ; count++) {
    const { value, done } = await lines.next()
    const line = done === true ? null : parsed(value)
    if (line?.exported === count) return
    if (typeof line?.identity !== 'string') throw new StartError(`the export ends, or is damaged, behind identity ${count}`)
    yield { identity: line.identity, entity: line.entity }
  }
}

/** Without what the parser says: that quotes the line. */
function parsed (line: string) {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
