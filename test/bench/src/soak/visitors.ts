import { personAt, type Host, type Person } from './person.js'

/** People who visit a server from time to time. */
export interface Visitors {
  /** Everybody enrolls, and comes so often that no document can grow any more. */
  settle (): Promise<void>
  /** People come and go for this long. */
  visit (seconds: number): Promise<void>
}

/** Former marks that the second factor keeps of a session. */
const REMEMBERED = 8
/** Looks into the vault, in a visit. */
const LOOKS = 5
/** One visit in this many begins with a typing error, begins with a login, or brings a newcomer. */
const [MISTYPING, LOGGING_IN, ENROLLING] = [20, 21, 12]
/** Newcomers of each connection. They leave a document without a factor, and come back later. */
const NEWCOMERS = 16

/** Each person makes one request at a time, so each request has one right answer. */
export function visitorsAt (host: Host, size: number, atOnce: number): Visitors {
  const groups = Array.from({ length: atOnce }, (_, group) => ({
    people: peopleAt(host, `person-${group}`, Math.ceil((size - group) / atOnce)),
    newcomers: peopleAt(host, `newcomer-${group}`, NEWCOMERS)
  }))
  let visits = 0

  return {
    async settle () {
      await Promise.all(groups.map(async ({ people }) => {
        for (const person of people) await moveIn(person)
        for (let round = 0; round < REMEMBERED; round++) {
          for (const person of people) await person.answer()
        }
      }))
    },

    async visit (seconds) {
      const end = performance.now() + seconds * 1000
      await Promise.all(groups.map(async ({ people, newcomers }) => {
        while (performance.now() < end) {
          const visit = visits++
          await comeBack(inTurn(people), visit)
          if (visit % ENROLLING === 0) await tryOut(inTurn(newcomers))
        }
      }))
    }
  }
}

async function moveIn (person: Person): Promise<void> {
  await person.logIn()
  await person.enroll()
}

async function comeBack (person: Person, visit: number): Promise<void> {
  if (visit % LOGGING_IN === 0) {
    await person.logOut()
    await person.logIn()
    await person.isKeptOut()
  }
  if (visit % MISTYPING === 0) await person.mistype()
  await person.answer()
  await lookAround(person)
}

async function tryOut (person: Person): Promise<void> {
  await moveIn(person)
  await lookAround(person)
  await person.remove()
  await person.isKeptOut()
  await person.logOut()
}

async function lookAround (person: Person): Promise<void> {
  for (let look = 0; look < LOOKS; look++) await person.look()
}

function peopleAt (host: Host, name: string, size: number): Person[] {
  return Array.from({ length: size }, (_, index) => personAt(host, `${name}-${index}`))
}

/** The person whose last visit is the longest ago. */
function inTurn (people: Person[]): Person {
  const person = people.shift()
  if (person === undefined) throw new Error('there are no people')
  people.push(person)
  return person
}
