import { countIdentities, type RefusedIdentity } from '../../operations/scan.js'
import type { EntityStore } from '../../stores/store.js'
import { printable } from './terminal-json.js'
import { progressOn } from './progress.js'
import type { Surroundings } from '../command.js'
import { reasonOf, StartError } from '../failure.js'

/** What became of one identity. */
interface Outcome {
  readonly identity: string
  readonly status: string
}

/** How many identities there are, where somebody looks on: some stores take long to say so. */
export async function totalFor ({ stderr }: Surroundings, store: EntityStore): Promise<number | null> {
  return stderr.isTTY === true ? await countIdentities({ store }) : null
}

/**
 * Goes through the outcomes; shows how far it is of `total`, prints the lines that they have, and in the end
 * how many there were of which status.
 */
export async function tellAll<O extends Outcome> (
  { stdout, stderr }: Surroundings,
  total: number | null,
  outcomes: AsyncIterable<O | RefusedIdentity>,
  line: (outcome: O) => string | null
): Promise<void> {
  const progress = progressOn(stderr, total)
  const counts = new Map<string, number>()
  let last: string | null = null
  try {
    for await (const outcome of outcomes) {
      if (isRefused(outcome)) progress.tell(stderr, `${printable(outcome.identity)}: ${outcome.reason}`)
      else progress.tell(stdout, line(outcome))
      progress.step()
      last = outcome.identity
      counts.set(outcome.status, (counts.get(outcome.status) ?? 0) + 1)
    }
  } catch (error) {
    const behind = last === null ? '' : `; the last identity was ${printable(last)}`
    throw new StartError(reasonOf(error) + behind)
  } finally {
    progress.end()
  }
  stderr.write(`${summaryOf(counts)}\n`)
  if (counts.has('refused')) throw new StartError('what was refused is as it was')
}

function isRefused (outcome: Outcome): outcome is RefusedIdentity {
  return outcome.status === 'refused'
}

function summaryOf (counts: ReadonlyMap<string, number>): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const parts = [...counts].map(([status, count]) => `${count} ${status}`)
  return `${total} ${total === 1 ? 'identity' : 'identities'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`
}
