import { countIdentities, type RefusedIdentity } from '../../operations/scan.js'
import type { EntityStore } from '../../documents/store.js'
import type { Environment } from '../command.js'
import { CommandError, reasonOf } from '../failure.js'
import { progressOn } from './progress.js'
import { terminalJson } from './terminal-json.js'

/** The outcome for one identity. */
interface Outcome {
  readonly identity: string
  readonly status: string
}

/** Counts the identities for a progress bar. Without a terminal it counts nothing: counting may take long. */
export async function countForProgress ({ stderr }: Environment, store: EntityStore): Promise<number | null> {
  return stderr.isTTY === true ? await countIdentities({ store }) : null
}

/**
 * Prints a line for each outcome, unless the line is null, and at the end how many identities had which
 * status. Shows the progress towards `total`. Throws `CommandError` if any identity was refused.
 */
export async function tallyOutcomes<O extends Outcome> (
  { stdout, stderr }: Environment,
  total: number | null,
  outcomes: AsyncIterable<O | RefusedIdentity>,
  lineOf: (outcome: O) => string | null
): Promise<void> {
  const progress = progressOn(stderr, total)
  const counts = new Map<string, number>()
  let last: string | null = null
  try {
    for await (const outcome of outcomes) {
      if (isRefused(outcome)) progress.print(stderr, `${terminalJson(outcome.identity)}: ${outcome.reason}`)
      else progress.print(stdout, lineOf(outcome))
      progress.step()
      last = outcome.identity
      counts.set(outcome.status, (counts.get(outcome.status) ?? 0) + 1)
    }
  } catch (error) {
    const progressMade = last === null ? '' : ` (stopped after the identity ${terminalJson(last)})`
    throw new CommandError(reasonOf(error) + progressMade)
  } finally {
    progress.end()
  }
  stderr.write(`${summaryOf(counts)}\n`)
  if (counts.has('refused')) throw new CommandError('refused identities were left unchanged')
}

function isRefused (outcome: Outcome): outcome is RefusedIdentity {
  return outcome.status === 'refused'
}

function summaryOf (counts: ReadonlyMap<string, number>): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const parts = [...counts].map(([status, count]) => `${count} ${status}`)
  return `${total} ${total === 1 ? 'identity' : 'identities'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`
}
