import { personAt, type Host, type Person } from './person.js'

/** People, each of whom is there from time to time. */
export interface Visitors {
  /** Everybody enrolls, and comes so often that there is nothing left that could grow in a document. */
  settle (): Promise<void>
  /** People come and go for so long. */
  visit (seconds: number): Promise<void>
}

/** Marks that the second factor remembers of a session. */
const REMEMBERED = 8
/** Times that somebody looks into the vault. */
const LOOKS = 5
/** At one of so many visits somebody mistypes a code, has to log in anew, or enrolls and leaves for good. */
const [MISTYPING, LOGGING_IN, ENROLLING] = [20, 21, 12]
/** Newcomers at each connection. They leave a document without a factor, and come back one day. */
const NEWCOMERS = 16

/** Nobody is there twice at once: so there is one right answer to everything. */
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

/** Whoever was there longest ago. */
function inTurn (people: Person[]): Person {
  const person = people.shift()
  if (person === undefined) throw new Error('there is nobody')
  people.push(person)
  return person
}
