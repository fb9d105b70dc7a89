import { report as reportOf, type ReportedIdentity } from '../../operations/report.js'
import { withStore } from './open-store.js'
import { tellAll, totalFor } from './tally.js'
import { printable } from './terminal-json.js'
import type { Command } from '../command.js'
import { STORE_HELP, storeOptionsOf } from './store-choice.js'

const HELP = `Usage: fastify-verify-totp report [options]

Tells who is enrolled, a line for each identity, and in the end how many there are. It changes nothing, and
prints nothing secret.

${STORE_HELP}  --json                prints a line of JSON for each: identity, status, factors, failures, disabledAt
  --help                prints this
`

/** Tells who is enrolled. */
export const report: Command = {
  summary: 'tells who is enrolled',
  help: HELP,

  async run (args, surroundings) {
    const { choice, json } = storeOptionsOf('report', ['json'], args, surroundings.env)
    await withStore(choice, async store => {
      const total = await totalFor(surroundings, store)
      await tellAll(surroundings, total, reportOf({ store }), json ? printable : lineOf)
    })
  }
}

function lineOf ({ identity, status, factors, disabledAt }: ReportedIdentity): string {
  const name = printable(identity).padEnd(38)
  if (factors.length === 0) return `${name}  ${status}`
  const lastUsed = new Date(Math.max(...factors.map(({ lastUsedAt }) => lastUsedAt)) * 1000)
  const providers = [...new Set(factors.map(({ provider }) => provider))].join(', ')
  const count = factors.length === 1 ? '1 factor' : `${factors.length} factors`
  const disabled = disabledAt === null ? '' : '  disabled'
  return `${name}  ${status}  ${count} (${providers}), last used ${lastUsed.toISOString().slice(0, 10)}${disabled}`
}
