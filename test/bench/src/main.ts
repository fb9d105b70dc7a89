import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { machine } from './machine.js'
import { Lacking } from './row.js'
import { outcomeOf, type Outcome } from './rounds.js'
import { rows } from './rows.js'
import { soak } from './soak.js'
import { headingOf, tableOf } from './table.js'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } })

const runs = [
  ...rows.map(row => ({ name: row.name, run: async () => await outcomeOf(row) })),
  { name: 'soak', run: soak }
]
const unknown = positionals.filter(name => !runs.some(run => run.name === name))
if (unknown.length > 0) {
  console.error(`There is no row "${unknown.join('", "')}". There are: ${runs.map(({ name }) => name).join(', ')}.`)
  process.exit(1)
}

const here = machine()
console.log(headingOf(here))
const outcomes: Outcome[] = []
const asked = positionals.length === 0 ? runs : runs.filter(({ name }) => positionals.includes(name))
for (const { name, run } of asked) {
  try {
    const outcome = await run()
    outcomes.push(outcome)
    console.log(tableOf(outcome))
  } catch (error) {
    if (!(error instanceof Lacking)) throw error
    console.log(`\n## ${name}: left out\n\n${error.message}`)
  }
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine: here, outcomes }, null, 2)}\n`)
process.exit()
