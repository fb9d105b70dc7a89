import { inProcess } from './in-process.js'
import { repeat, type Life } from './life.js'
import { personAfter, type Person } from './person.js'
import type { Contender, Row } from './row.js'

const FRESH = 'one login'
const TEN = 'ten logins'
const FULLEST = 'a full document'

/** A document is bounded, and a challenge grows more slowly than the document. */
export const history: Row = {
  name: 'history',
  title: 'a challenge in process, by what the document holds already',
  unit: 'µs',
  rounds: 15,
  turns: 5,
  goals: [TEN, FULLEST].flatMap(name => [
    { of: name, to: FRESH },
    { of: perKilobyte(name), to: perKilobyte(FRESH), atMost: 1 }
  ]),
  async open () {
    const people: ReadonlyArray<readonly [name: string, person: Person]> = [
      [FRESH, await personAfter(async () => {})],
      [TEN, await personAfter(async ({ logIn }) => await repeat(9, async () => await logIn(1)))],
      [FULLEST, await personAfter(fill)]
    ]
    return {
      contenders: people.flatMap(contendersOf),
      remarks: people.map(holdingsOf),
      async close () {}
    }
  }
}

/** To the caps: factors, approvals, former marks of their sessions, and withdrawn marks. */
async function fill ({ enroll, logIn, logOut }: Life): Promise<void> {
  await repeat(9, enroll)
  await repeat(64, async () => await logIn(9))
  const sessions = await repeat(8, async () => await logIn(9))
  for (const caller of sessions) await logOut(caller)
  await repeat(8, async () => await logIn(9))
}

function contendersOf ([name, { document, challenge }]: readonly [string, Person]): Contender[] {
  const whole = inProcess(name, challenge)
  const part = async () => ({ figure: (await whole.measure()).figure / kilobytesOf(document) })
  return [whole, { name: perKilobyte(name), measure: part }]
}

function perKilobyte (name: string): string {
  return `${name}, for each KB of the document`
}

function holdingsOf ([name, { document }]: readonly [string, Person]): string {
  const { factors, approvals, withdrawn } = document
  const former = approvals.reduce((sum, { formerMarks }) => sum + formerMarks.length, 0)
  return `${name}: ${kilobytesOf(document).toFixed(1)} KB. Factors: ${factors.length}; approvals: ${approvals.length}; ` +
    `former marks of their sessions: ${former}; withdrawn marks: ${withdrawn.length}.`
}

function kilobytesOf (document: Person['document']): number {
  return Buffer.byteLength(JSON.stringify(document)) / 1000
}
