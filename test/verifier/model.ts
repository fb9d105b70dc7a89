import { FRESHNESS, MAX_AGE, referenceCode, REMEMBER_FOR } from './rig.js'

/** When every story begins, in Unix seconds. */
export const START = 1_800_000_000
/** Who takes part. */
export const IDENTITIES = ['alice', 'bob'] as const
/** How many login sessions there are. */
export const SESSIONS = 4
/** The browsers in which they are. All users have the same ones, and so their tokens in the same cookies. */
export const BROWSERS = [
  { name: 'Firefox on Windows', userAgent: 'Mozilla/5.0 (Windows NT 10.0; rv:145.0) Firefox/145.0' },
  { name: 'Safari on iOS', userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0) Version/26.0 Safari/604.1' },
  { name: 'Browser', userAgent: undefined }
] as const
/** How the cookies of the browsers begin. Many others use the last one, and have their own tokens there. */
export const COOKIES: ReadonlyArray<readonly string[]> = [[], [], [...'abcdefg'].map(each => each.repeat(43))]
/** Remembered browsers of one identity. */
export const MOST_REMEMBERED = 16
/** Tokens in one cookie. */
export const MOST_TOKENS = 8

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
export type Method = 'totp' | 'recovery' | 'pass'
/** By an app with this sid, or by a code that belongs to none. */
interface Approved {
  readonly method: Method
  readonly sid: string | null
  readonly at: number
  readonly generation: number
}
interface Pass {
  readonly code: string
  readonly at: number
  readonly life: number
  readonly generation: number
}

/** A browser that need not answer a challenge for a while. */
export interface Remembered {
  readonly sid: string
  readonly token: string
  readonly name: string
  readonly at: number
  readonly generation: number
}

const METHODS: readonly Method[] = ['totp', 'recovery', 'pass']

/** What a route requires: by default, an approval of any age that lasts, or a remembered browser. */
export interface Asked {
  readonly maxAge?: number
  readonly methods?: ReadonlyArray<Method | 'remembered'>
}

/** Who asks for a guarded route. */
export interface Visit {
  readonly identity: string
  mark: object
  /** The place of the browser among `BROWSERS`. */
  readonly browser: number
}

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
  /** Recovery codes that are left. */
  codes = new Set<string>()
  pass: Pass | null = null
  /** When sessions enrolled, for the limit of five in ten minutes. */
  enrolledAt: number[] = []
  /** Approvals, by the object that stands for a mark. */
  approvals = new Map<object, Approved>()
  /** Remembered browsers, the latest one last. */
  browsers: Remembered[] = []
}

/** A second, much simpler implementation of the rules. */
export class Model {
  time = START
  people = new Map<string, Person>(IDENTITIES.map(name => [name, new Person()]))
  /** Every recovery code and pass that was ever shown to anyone. */
  shown: string[] = []
  sessions: Array<Visit | null> = Array.from({ length: SESSIONS }, () => null)
  /** The tokens in the cookie of each browser. */
  cookies: string[][] = COOKIES.map(tokens => [...tokens])
  /** Every browser that was ever remembered, of anyone. */
  everRemembered: Remembered[] = []

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
    if (!person.phones.some(({ sid }) => approval.sid === null || sid === approval.sid)) return null
    const lasts = approval.method === 'pass' ? Math.min(life, FRESHNESS) : life
    return this.recent(approval.at, lasts) ? approval : null
  }

  passOf (person: Person): Pass | null {
    const { pass, generation } = person
    return pass?.generation === generation && this.recent(pass.at, pass.life) ? pass : null
  }

  /** What a recovery code or a pass is worth; null for any other. */
  worth (person: Person, code: string): 'recovery' | 'pass' | null {
    if (person.phones.length === 0) return null
    if (person.codes.has(code)) return 'recovery'
    return this.passOf(person)?.code === code ? 'pass' : null
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

  /** Why no code is judged now, or null. */
  refusal (person: Person): string | null {
    const closed = this.closed(person)
    return closed && (closed === 'locked' ? 'ERR_TOTP_LOCKED' : 'ERR_TOTP_DISABLED')
  }

  /** The same for a request that brings a code: a lock in the future restarts. */
  closedTo (person: Person): string | null {
    const refusal = this.refusal(person)
    if (refusal === 'ERR_TOTP_LOCKED' && person.lockedAt !== null && person.lockedAt > this.time + 30) {
      person.lockedAt = this.time
      this.written(person)
    }
    return refusal
  }

  /** The oldest of these phones that has this code, now spent in all of them; null if it was wrong. */
  judge (person: Person, tried: readonly Phone[], code: string): Phone | null {
    const right = tried.filter(phone => (this.matching(phone, code) ?? -1) > phone.lastStep)
    for (const phone of right) phone.lastStep = this.matching(phone, code) ?? -1
    if (right.length === 0) this.fail(person)
    else Object.assign(person, { row: 0, lockedAt: null })
    return right[0] ?? null
  }

  guard (person: Person, mark: object, life: number, methods = METHODS): string {
    if (person.phones.length === 0) return 'ERR_TOTP_NOT_ENROLLED'
    const approval = this.approvalOf(person, mark, life)
    if (approval !== null && methods.includes(approval.method)) return 'ok'
    return this.refusal(person) ?? 'ERR_TOTP_CHALLENGE_REQUIRED'
  }

  /**
   * True while a browser lets its user pass: nothing has voided it, a factor is left, and it was remembered
   * no longer ago than that lasts.
   */
  isRemembered (person: Person, { at, generation }: Remembered, life = REMEMBER_FOR): boolean {
    return generation === person.generation && person.phones.length > 0 && this.recent(at, life)
  }

  /** The remembered browser with one of these tokens that lets this person pass, the latest one. */
  browserOf (person: Person, tokens: readonly string[]): Remembered | null {
    return person.browsers.findLast(browser =>
      tokens.includes(browser.token) && this.isRemembered(person, browser)) ?? null
  }

  /**
   * What lets pass, or the refusal. A browser counts where the route asks for no age and names no methods
   * without it, and also while codes are not judged.
   */
  passage (person: Person, mark: object, tokens: readonly string[], { maxAge, methods }: Asked): string {
    const counting = methods ?? (maxAge === undefined ? [...METHODS, 'remembered'] : METHODS)
    const approval = this.approvalOf(person, mark, maxAge ?? MAX_AGE)
    if (approval !== null && counting.includes(approval.method)) {
      const { method, sid, at } = approval
      return `${method} of ${sid} from ${at} until ${at + (method === 'pass' ? FRESHNESS : MAX_AGE)}`
    }
    const browser = counting.includes('remembered') ? this.browserOf(person, tokens) : null
    if (browser !== null) return `remembered of null from ${browser.at} until ${browser.at + REMEMBER_FOR}`
    return this.guard(person, mark, 0, [])
  }

  /** The browser has a new token, in the place of the one that it had of this person. */
  remember (person: Person, browser: Remembered, place: number | null): void {
    const cookie = place === null ? [] : this.cookies[place] ?? []
    const left = this.forget(person, person.browsers.filter(({ token }) => cookie.includes(token)), cookie)
    person.browsers = [...person.browsers, browser].slice(-MOST_REMEMBERED)
    this.everRemembered.push(browser)
    if (place !== null) this.cookies[place] = [browser.token, ...left].slice(0, MOST_TOKENS)
  }

  /** What is left in the cookie. */
  forget (person: Person, forgotten: readonly Remembered[], cookie: readonly string[]): string[] {
    person.browsers = person.browsers.filter(browser => !forgotten.includes(browser))
    return cookie.filter(token => !forgotten.some(browser => browser.token === token))
  }

  /** Every write drops what has expired; a browser once no server may remember it. */
  written (person: Person): void {
    person.browsers = person.browsers.filter(browser => this.isRemembered(person, browser, 90 * 86_400))
    person.enrolledAt = person.enrolledAt.filter(at => this.recent(at, 599))
    for (const mark of [...person.approvals.keys()]) {
      if (this.approvalOf(person, mark, MAX_AGE) === null) person.approvals.delete(mark)
    }
    person.draft = this.draftOf(person)
    person.pass = this.passOf(person)
  }

  end (person: Person): void {
    person.generation++
    person.approvals.clear()
    person.browsers = []
    person.draft = null
  }

  newMark (person: Person, old: object): object {
    const mark = {}
    person.approvals.delete(old)
    if (person.draft?.owner === old) person.draft.owner = mark
    return mark
  }

  /** A pass that was given out is void with any approval: its user has got in. */
  approve (person: Person, mark: object, method: Method, sid: string | null): void {
    person.approvals.set(mark, { method, sid, at: this.time, generation: person.generation })
    person.pass = null
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
