import { report, type ReportedIdentity } from '../../operations/report.js'
import type { Command } from '../command.js'
import { givenKeys } from '../keys.js'
import { factorCount } from './factor-count.js'
import { withStore } from './open-store.js'
import { KEYS_HELP, parseStoreArguments, STORE_HELP } from './store-choice.js'
import { countForProgress, tallyOutcomes } from './tally.js'
import { terminalJson } from './terminal-json.js'

const HELP = `Usage: fastify-verify-totp report [options]

Lists the identities in a store, one per line, with their factors, and at the end their number. It changes
nothing and prints no secrets. With the keys of the servers, from the variable TOTP_KEYS or from a file, it refuses
identities whose secrets they don't open.

${STORE_HELP}${KEYS_HELP}  --json                prints JSON, one line per identity: identity, status, factors, failures, disabledAt
  --help                prints this help
`

/** Lists who is enrolled. */
export const reportCommand: Command = {
  summary: 'lists who is enrolled',
  help: HELP,

  async run (args, environment) {
    const { env } = environment
    const { choice, keysFile, json } = parseStoreArguments({ name: 'report', options: ['json', 'keys'] }, args, env)
    const keys = await givenKeys(keysFile, env)
    await withStore(choice, async store => {
      const total = await countForProgress(environment, store)
      const outcomes = report(keys === null ? { store } : { store, keys })
      await tallyOutcomes(environment, total, outcomes, json ? terminalJson : lineOf)
    })
  }
}

function lineOf ({ identity, status, factors, disabledAt }: ReportedIdentity): string {
  const name = terminalJson(identity).padEnd(38)
  if (factors.length === 0) return `${name}  ${status}`
  const lastUsed = new Date(Math.max(...factors.map(({ lastUsedAt }) => lastUsedAt)) * 1000)
  const providers = [...new Set(factors.map(({ provider }) => provider))].join(', ')
  const disabled = disabledAt === null ? '' : '  disabled'
  return `${name}  ${status}  ${factorCount(factors.length)} (${providers}), last used ${lastUsed.toISOString().slice(0, 10)}${disabled}`
}
