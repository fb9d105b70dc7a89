/*
 * Figures, not tests: the documents of any number of identities through a year of use. See docs/scale.md.
 *
 *   npm run growth -- --identities 10000000 --lives 20000
 *
 * Where DATABASE_URL or REDIS_URL are set, all documents are also put into a database of their own there, and
 * deleted afterwards: better not all ten million.
 */
import { randomBytes } from 'node:crypto'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { newSid } from '../../src/entity/entity.js'
import { filling } from './database.js'
import { fullestEmbedded, fullestTwilio, IDENTITY } from './fullest.js'
import { postgresDatabase } from './postgres-database.js'
import { redisDatabase } from './redis-database.js'
import { POPULATION } from './population.js'
import { growthTable, loadRemarks, loadTable, runTable, sizeTable, tableOf, type Rows } from './report.js'
import { simulate } from './simulation.js'
import { keyring } from './verifier.js'
import { bytesOf } from './watched-store.js'

const { values } = parseArgs({
  options: {
    identities: { type: 'string', default: '10000' },
    lives: { type: 'string', default: '1000' },
    batch: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' }
  }
})
const [identities = 0, lives = 0, batch = 0, seed = 0] =
  [values.identities, values.lives, values.batch, values.seed].map(Number)

const megabytes = () => Math.round(process.resourceUsage().maxRSS / 1024)
const [before, start] = [megabytes(), performance.now()]
const { DATABASE_URL, REDIS_URL } = process.env
const databases = [
  ...DATABASE_URL === undefined ? [] : [await postgresDatabase(DATABASE_URL)],
  ...REDIS_URL === undefined ? [] : [await redisDatabase(REDIS_URL)]
]
try {
  const fillings = databases.map(database => filling(database, identities))
  const years = await simulate({
    population: POPULATION,
    identities,
    lives,
    batch,
    seed,
    async onDocument (document) { for (const { put } of fillings) await put(document) }
  })
  const { user, system } = process.cpuUsage()
  const seconds = Math.round((performance.now() - start) / 1000)

  console.log(`Node.js ${process.version}, ${cpus()[0]?.model ?? ''}, seed ${seed}`)
  show('What was run', runTable(years),
    `Memory: ${before} MB before the first life, ${megabytes()} MB at most.`,
    `Processor time: ${Math.round((user + system) / 1e6)} s, within ${seconds} s.`)
  show('Bytes of a document over the year: means of the lives, ± one standard error', growthTable(years))
  show('Bytes of all documents at the end of the year, counted', sizeTable(years), capsRemark())
  show('What is asked of the store after the roll-out', loadTable(years), ...loadRemarks(years))
  for (const { measure } of fillings) for (const [title, rows] of await measure()) show(title, rows)
} finally {
  for (const { close } of databases) await close()
}

function show (title: string, rows: Rows, ...remarks: readonly string[]): void {
  console.log([`\n## ${title}\n`, tableOf(rows), ...remarks.map(remark => `\n${remark}`)].join('\n'))
}

function capsRemark (): string {
  const sealed = keyring.seal(randomBytes(20), { identity: IDENTITY, factorSid: newSid('YF') })
  return `No document can be larger than ${bytesOf(fullestEmbedded(sealed))} bytes, ` +
    `or ${bytesOf(fullestTwilio())} with factors at Twilio.`
}
