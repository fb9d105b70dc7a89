import { MAX_AGE, referenceCode } from './rig.js'

/** When every story begins, in Unix seconds. */
export const START = 1_800_000_000
/** Who takes part. */
export const IDENTITIES = ['alice', 'bob'] as const
/** How many login sessions there are. */
export const SESSIONS = 4

/** An authenticator app. */
export interface Phone { readonly sid: string, readonly key: Buffer, lastStep: number }
/** A factor that waits for its first code. */
interface Draft {
  readonly phone: Phone
  readonly at: number
  readonly generation: number
  owner: object
  failures: number
}
interface Approved { readonly sid: string, readonly at: number, readonly generation: number }

/** The state that the rules keep about an identity. */
export class Person {
  known = false
  phones: Phone[] = []
  draft: Draft | null = null
  generation = 0
  row = 0
  tally = 0
  drainedAt = 0
  lockedAt: number | null = null
  disabled = false
  /** When sessions enrolled, for the limit of five in ten minutes. */
  enrolledAt: number[] = []
  /** Approvals, by the object that stands for a mark. */
  approvals = new Map<object, Approved>()
}

/** A second, much simpler implementation of the rules. */
export class Model {
  time = START
  people = new Map<string, Person>(IDENTITIES.map(name => [name, new Person()]))
  sessions: Array<{ identity: string, mark: object } | null> = Array.from({ length: SESSIONS }, () => null)

  person (name: string): Person {
    const person = this.people.get(name)
    if (person === undefined) throw new Error(name)
    return person
  }

  recent (at: number, life: number): boolean {
    return at <= this.time + 30 && this.time - at <= life
  }

  approvalOf (person: Person, mark: object, life: number): Approved | null {
    const approval = person.approvals.get(mark)
    if (approval === undefined || approval.generation !== person.generation) return null
    if (!person.phones.some(({ sid }) => sid === approval.sid)) return null
    return this.recent(approval.at, life) ? approval : null
  }

  draftOf (person: Person): Draft | null {
    const { draft, generation } = person
    return draft?.generation === generation && this.recent(draft.at, 600) ? draft : null
  }

  closed (person: Person): 'disabled' | 'locked' | null {
    if (person.disabled) return 'disabled'
    if (person.lockedAt === null) return null
    const lasts = [0, 30, 60, 120, 240, 480, 960, 1920][Math.floor(person.row / 5)] ?? 3600
    return person.lockedAt > this.time + 30 || this.time < person.lockedAt + lasts ? 'locked' : null
  }

  guard (person: Person, mark: object, life: number): string {
    if (this.approvalOf(person, mark, life) !== null) return 'ok'
    const closed = this.closed(person)
    if (closed !== null) return closed === 'locked' ? 'ERR_TOTP_LOCKED' : 'ERR_TOTP_DISABLED'
    return person.phones.length > 0 ? 'ERR_TOTP_CHALLENGE_REQUIRED' : 'ERR_TOTP_NOT_ENROLLED'
  }

  /** Every write drops what has expired. */
  written (person: Person): void {
    person.enrolledAt = person.enrolledAt.filter(at => this.recent(at, 599))
    for (const mark of [...person.approvals.keys()]) {
      if (this.approvalOf(person, mark, MAX_AGE) === null) person.approvals.delete(mark)
    }
    person.draft = this.draftOf(person)
  }

  end (person: Person): void {
    person.generation++
    person.approvals.clear()
    person.draft = null
  }

  newMark (person: Person, old: object): object {
    const mark = {}
    person.approvals.delete(old)
    if (person.draft?.owner === old) person.draft.owner = mark
    return mark
  }

  approve (person: Person, mark: object, { sid }: Phone): void {
    person.approvals.set(mark, { sid, at: this.time, generation: person.generation })
  }

  /** The highest step of the window with this code. */
  matching ({ key }: Phone, code: string): number | null {
    const now = Math.floor(this.time / 30)
    return [now + 1, now, now - 1].find(step => referenceCode(key, step) === code) ?? null
  }

  /** Counts a wrong code. */
  fail (person: Person): void {
    if (person.tally === 0 || person.drainedAt > this.time + 30) {
      person.drainedAt = this.time
    }
    while (person.tally > 0 && this.time - person.drainedAt >= 21_600) {
      person.tally--
      person.drainedAt = person.tally === 0 ? this.time : person.drainedAt + 21_600
    }
    person.row++
    person.tally++
    person.lockedAt = person.row % 5 === 0 ? this.time : null
    person.disabled = person.row >= 50 || person.tally >= 100
  }
}
