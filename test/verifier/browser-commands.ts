import type { SessionCaller } from '../../src/index.js'
import { Challenge, Wait } from './commands.js'
import type { Model, Person, Remembered, Visit } from './model.js'
import { MAX_AGE, REMEMBER_FOR } from './rig.js'
import { agree, outcome, SessionStep, Step, type Real } from './steps.js'

/** Remembers one browser after the other, a code each, waiting for every lock to end. */
export class Crowd extends SessionStep {
  readonly browsers: number
  constructor (slot: number, browsers: number) {
    super(slot)
    this.browsers = browsers
  }

  async ask (model: Model, real: Real) {
    for (let each = 0; each < this.browsers; each++) {
      await new Wait(30).act(model, real)
      await new Challenge(this.slot, 0, 0, true, 'another').act(model, real)
    }
  }
}

/** Is remembered with a right code, and then does something else. */
export class RememberedThen extends SessionStep {
  readonly next: readonly Step[]
  constructor (slot: number, next: readonly Step[]) {
    super(slot)
    this.next = next
  }

  async ask (model: Model, real: Real) {
    await new Wait(30).act(model, real)
    await new Challenge(this.slot, 0, 0, true, 'this').act(model, real)
    for (const step of this.next) await step.act(model, real)
  }
}

export class ListBrowsers extends SessionStep {
  async ask (model: Model, real: Real, person: Person, session: Visit, caller: SessionCaller) {
    const { code, answer } = await outcome(real.verifier.browsers(caller))
    agree('list of browsers', code, model.guard(person, session.mark, MAX_AGE))
    if (answer === null) return
    const own = model.browserOf(person, model.cookies[session.browser] ?? [])
    agree('browsers', JSON.stringify(answer), JSON.stringify(listed(model, person, own)))
  }
}

/** One that the user has, the one that asks, any that was ever remembered of anyone, or all of them. */
export class Forget extends SessionStep {
  readonly which: number
  readonly kind: 'own' | 'this' | 'current' | 'any' | 'all'
  constructor (slot: number, which: number, kind: 'own' | 'this' | 'current' | 'any' | 'all') {
    super(slot)
    this.which = which
    this.kind = kind
  }

  async ask (model: Model, real: Real, person: Person, session: Visit, caller: SessionCaller) {
    const cookie = model.cookies[session.browser] ?? []
    const own = person.browsers.filter(({ token }) => cookie.includes(token))
    const sid = this.kind === 'current' ? 'current' : this.sidOf(model, person, own)
    const { code, answer } = await outcome(this.kind === 'all'
      ? real.verifier.forgetBrowsers(caller)
      : real.verifier.forgetBrowser(caller, sid))
    const mayAlways = this.kind !== 'all' && (sid === 'current' || own.some(browser => browser.sid === sid))
    const guard = mayAlways && person.known ? 'ok' : model.guard(person, session.mark, MAX_AGE)
    agree('forget', code, guard)
    if (answer === null) return
    const named = sid === 'current' ? own : person.browsers.filter(browser => browser.sid === sid)
    const forgotten = this.kind === 'all' ? person.browsers : named
    if (forgotten.length === 0) return agree('a new cookie', String(answer.browserTokens), 'null')
    const left = model.forget(person, forgotten, cookie)
    agree('a new cookie', String(answer.browserTokens !== null), String(left.length < cookie.length))
    model.cookies[session.browser] = left
    real.cookies[session.browser] = answer.browserTokens ?? real.cookies[session.browser] ?? []
    model.written(person)
  }

  sidOf (model: Model, person: Person, own: readonly Remembered[]): string {
    const { browsers } = person
    const from = { own: browsers, this: own, any: model.everRemembered, current: [], all: [] }[this.kind]
    return from[this.which % Math.max(1, from.length)]?.sid ?? `YB${'0'.repeat(32)}`
  }
}

/** An operator looks at a user's browsers, and forgets the first of them, or all. */
export class OperatorForgets extends Step {
  readonly identity: string
  readonly all: boolean
  constructor (identity: string, all: boolean) {
    super()
    this.identity = identity
    this.all = all
  }

  async act (model: Model, real: Real): Promise<void> {
    const operator = { identity: this.identity, operator: true } as const
    const person = model.person(this.identity)
    const answer = await real.verifier.browsers(operator)
    agree('browsers', JSON.stringify(answer), JSON.stringify(listed(model, person, null)))
    const forgotten = this.all ? person.browsers : person.browsers.slice(0, 1)
    const { browserTokens } = this.all
      ? await real.verifier.forgetBrowsers(operator)
      : await real.verifier.forgetBrowser(operator, forgotten[0]?.sid ?? 'current')
    agree('cookie of an operator', String(browserTokens), 'null')
    model.forget(person, forgotten, [])
    if (forgotten.length > 0) model.written(person)
  }
}

/** What is shown of the browsers that this person passes with. */
function listed (model: Model, person: Person, own: Remembered | null) {
  const living = person.browsers.filter(browser => model.isRemembered(person, browser)).reverse()
  return living.map(browser => {
    const { sid, name, at } = browser
    return { sid, name, at, expiresAt: at + REMEMBER_FOR, current: browser === own }
  })
}
