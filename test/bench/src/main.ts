import { comparisonOf } from './comparison.js'
import { machine } from './machine.js'
import { optionsOf } from './main-options.js'
import { readReports, writeReport } from './report.js'
import { UnavailableError } from './row.js'
import { outcomeOf, type Outcome } from './rounds.js'
import { rows } from './rows.js'
import { soak } from './soak.js'
import { headingOf, tableOf } from './table.js'

const runs = [
  ...rows.map(row => ({ name: row.name, run: async (rounds?: number) => await outcomeOf(row, rounds) })),
  { name: 'soak', run: soak }
]
const { names, rounds, json, from } = optionsOf(process.argv.slice(2), runs.map(({ name }) => name))

if (from.length > 0) {
  console.log(comparisonOf(readReports(from), names))
} else {
  await measure()
}
process.exit()

async function measure (): Promise<void> {
  const here = machine()
  console.log(headingOf(here))
  const outcomes: Outcome[] = []
  for (const { name, run } of runs.filter(({ name }) => names.includes(name))) {
    try {
      const outcome = await run(rounds)
      outcomes.push(outcome)
      console.log(tableOf(outcome))
      // After each row, because a later one may fail.
      if (json !== undefined) writeReport(json, { machine: here, outcomes })
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
      console.log(`\n## ${name}: left out\n\n${error.message}`)
    }
  }
}
