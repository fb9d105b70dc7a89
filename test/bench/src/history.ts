import { inProcess } from './in-process.js'
import { personAfter, type Life, type Person } from './life.js'
import type { Contender, Row } from './row.js'

const FRESH = 'one log-in'
const TEN = 'ten log-ins'
const FULLEST = 'a full document'

/** A document is bounded, and what a challenge costs grows less than it does. */
export const history: Row = {
  name: 'history',
  title: 'a challenge in process, by what has happened before',
  unit: 'µs',
  rounds: 15,
  goals: [TEN, FULLEST].flatMap(name => [
    { of: name, by: FRESH },
    { of: perKilobyte(name), by: perKilobyte(FRESH), atMost: 1 }
  ]),
  async open () {
    const people: ReadonlyArray<readonly [name: string, person: Person]> = [
      [FRESH, await personAfter(async () => {})],
      [TEN, await personAfter(async ({ logIn }) => await repeated(9, async () => await logIn(1)))],
      [FULLEST, await personAfter(filled)]
    ]
    return {
      contenders: people.flatMap(contendersOf),
      remarks: people.map(holdingsOf),
      async close () {}
    }
  }
}

/** To the caps: factors, approvals, marks that their sessions had before, and marks that were taken away. */
async function filled ({ enroll, logIn, logOut }: Life): Promise<void> {
  await repeated(9, enroll)
  await repeated(64, async () => await logIn(9))
  const left = await repeated(8, async () => await logIn(9))
  for (const caller of left) await logOut(caller)
  await repeated(8, async () => await logIn(9))
}

async function repeated<T> (times: number, act: () => Promise<T>): Promise<T[]> {
  const answers: T[] = []
  for (let i = 0; i < times; i++) answers.push(await act())
  return answers
}

function contendersOf ([name, { document, challenge }]: readonly [string, Person]): Contender[] {
  const whole = inProcess(name, challenge, { milliseconds: 200 })
  const part = { name: perKilobyte(name), measure: async () => await whole.measure() / kilobytesOf(document) }
  return [whole, part]
}

function perKilobyte (name: string): string {
  return `${name}, for each KB of the document`
}

function holdingsOf ([name, { document }]: readonly [string, Person]): string {
  const { factors, approvals, ended } = document
  const before = approvals.reduce((sum, { line }) => sum + line.length, 0)
  return `${name}: ${kilobytesOf(document).toFixed(1)} KB. Factors: ${factors.length}; approvals: ${approvals.length}; ` +
    `marks that their sessions had before: ${before}; marks that were taken away: ${ended.length}.`
}

function kilobytesOf (document: Person['document']): number {
  return Buffer.byteLength(JSON.stringify(document)) / 1000
}
