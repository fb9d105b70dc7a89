import { report, type ReportedIdentity } from '../../operations/report.js'
import type { Command } from '../command.js'
import { withStore } from './open-store.js'
import { parseStoreArguments, STORE_HELP } from './store-choice.js'
import { countForProgress, tallyOutcomes } from './tally.js'
import { terminalJson } from './terminal-json.js'

const HELP = `Usage: fastify-verify-totp report [options]

Lists the identities in a store, one a line, and whether each is enrolled, then their number. It changes nothing
and prints no secrets.

${STORE_HELP}  --json                prints JSON, one line an identity: identity, status, factors, failures, disabledAt
  --help                prints this help
`

/** Lists who is enrolled. */
export const reportCommand: Command = {
  summary: 'lists who is enrolled',
  help: HELP,

  async run (args, environment) {
    const { choice, json } = parseStoreArguments('report', ['json'], args, environment.env)
    await withStore(choice, async store => {
      const total = await countForProgress(environment, store)
      await tallyOutcomes(environment, total, report({ store }), json ? terminalJson : lineOf)
    })
  }
}

function lineOf ({ identity, status, factors, disabledAt }: ReportedIdentity): string {
  const name = terminalJson(identity).padEnd(38)
  if (factors.length === 0) return `${name}  ${status}`
  const lastUsed = new Date(Math.max(...factors.map(({ lastUsedAt }) => lastUsedAt)) * 1000)
  const providers = [...new Set(factors.map(({ provider }) => provider))].join(', ')
  const count = factors.length === 1 ? '1 factor' : `${factors.length} factors`
  const disabled = disabledAt === null ? '' : '  disabled'
  return `${name}  ${status}  ${count} (${providers}), last used ${lastUsed.toISOString().slice(0, 10)}${disabled}`
}
