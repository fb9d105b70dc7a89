import { base32nopad } from '@scure/base'
import fc from 'fast-check'
import { TotpError, type SessionCaller } from '../../src/index.js'
import type { Verifier } from '../../src/verifier/verifier.js'
import { IDENTITIES, Person, SESSIONS, START, type Model, type Phone } from './model.js'
import { FRESHNESS, MAX_AGE, referenceCode, rig, type Rig } from './rig.js'

/*
 * Every command is played by the verifier and by the model. The two have to agree on every answer, and after
 * every command on which of the sessions pass the guard.
 */

/** The verifier under test, and the marks of its sessions. */
export class Real {
  readonly rig: Rig = rig(START)
  verifier: Verifier = this.rig.instance()
  marks: Array<string | null> = Array.from({ length: SESSIONS }, () => null)

  caller (model: Readonly<Model>, slot: number): SessionCaller {
    const identity = model.sessions[slot]?.identity ?? ''
    return { identity, session: { mark: this.marks[slot] ?? null, began: this.rig.time } }
  }
}

/** The code of the refusal, or 'ok' with the answer. */
async function outcome<T> (call: Promise<T>): Promise<{ code: string, answer: T | null }> {
  try {
    return { code: 'ok', answer: await call }
  } catch (error) {
    if (error instanceof TotpError) return { code: error.code, answer: null }
    throw error
  }
}

function agree (what: string, real: string, expected: string): void {
  if (real !== expected) throw new Error(`${what}: ${real}, but the model says ${expected}`)
}

type Command = fc.AsyncCommand<Model, Real>

/** Runs a command, then asks every session for the vault. */
abstract class Step implements Command {
  check (): boolean { return true }
  abstract act (model: Model, real: Real): Promise<void>

  async run (model: Model, real: Real): Promise<void> {
    await this.act(model, real)
    for (const [slot, session] of model.sessions.entries()) {
      if (session === null) continue
      const { code } = await outcome(real.verifier.check(real.caller(model, slot)))
      agree(`guard of session ${slot} after ${String(this)}`, code,
        model.guard(model.person(session.identity), session.mark, MAX_AGE))
    }
  }

  toString (): string { return `${this.constructor.name}(${Object.values(this).join(', ')})` }
}

/** A command of a session in which a user is logged in. */
abstract class SessionStep extends Step {
  readonly slot: number
  constructor (slot: number) {
    super()
    this.slot = slot
  }

  override check (model?: Readonly<Model>): boolean { return model?.sessions[this.slot] !== null }

  async act (model: Model, real: Real): Promise<void> {
    const session = model.sessions[this.slot]
    if (session === undefined || session === null) throw new Error('nobody is logged in')
    await this.ask(model, real, model.person(session.identity), session, real.caller(model, this.slot))
  }

  abstract ask (
    model: Model, real: Real, person: Person, session: { mark: object }, caller: SessionCaller
  ): Promise<void>
}

class LogIn extends Step {
  readonly slot: number
  readonly identity: string
  constructor (slot: number, identity: string) {
    super()
    this.slot = slot
    this.identity = identity
  }

  async act (model: Model, real: Real): Promise<void> {
    model.sessions[this.slot] = { identity: this.identity, mark: {} }
    real.marks[this.slot] = null
    const { mark } = await real.verifier.withdraw(real.caller(model, this.slot))
    real.marks[this.slot] = mark
  }
}

class GiveBack extends SessionStep {
  async ask (model: Model, real: Real, person: Person, session: { mark: object }, caller: SessionCaller) {
    const { mark } = await real.verifier.withdraw(caller)
    real.marks[this.slot] = mark
    session.mark = model.newMark(person, session.mark)
    if (person.known) model.written(person)
  }
}

class Enroll extends SessionStep {
  async ask (model: Model, real: Real, person: Person, session: { mark: object }, caller: SessionCaller) {
    const { code, answer } = await outcome(real.verifier.enroll(caller, { friendlyName: 'phone' }))
    const guard = person.phones.length > 0 ? model.guard(person, session.mark, FRESHNESS) : 'ok'
    const full = person.phones.length >= 3 ? 'ERR_TOTP_FACTOR_LIMIT' : 'ok'
    const often = person.enrolledAt.filter(at => model.recent(at, 599)).length >= 5 ? 'ERR_TOTP_LOCKED' : 'ok'
    agree('enroll', code, [guard, full, often].find(reason => reason !== 'ok') ?? 'ok')
    if (answer === null) return
    person.known = true
    person.enrolledAt.push(model.time)
    const key = Buffer.from(base32nopad.decode(answer.secret))
    const phone = { sid: answer.factor.sid, key, lastStep: -1 }
    const { generation } = person
    person.draft = { phone, owner: session.mark, at: model.time, generation, failures: 0 }
    model.written(person)
  }
}

class Verify extends SessionStep {
  readonly offset: number | null
  constructor (slot: number, offset: number | null) {
    super(slot)
    this.offset = offset
  }

  async ask (model: Model, real: Real, person: Person, session: { mark: object }, caller: SessionCaller) {
    const any = person.draft?.phone
    if (any === undefined) return
    const typed = codeFor(model, any, this.offset)
    const { code, answer } = await outcome(real.verifier.verify(caller, any.sid, typed))
    const draft = model.draftOf(person)
    if (draft === null || draft.owner !== session.mark) return agree('verify', code, 'ERR_TOTP_FACTOR_NOT_FOUND')
    const guard = person.phones.length > 0 ? model.guard(person, session.mark, FRESHNESS) : 'ok'
    if (guard !== 'ok') return agree('verify', code, guard)
    const step = model.matching(draft.phone, typed)
    agree('verify', code, step === null ? 'ERR_TOTP_CHALLENGE_DENIED' : 'ok')
    if (step === null) {
      if (++draft.failures === 5) person.draft = null
    } else {
      draft.phone.lastStep = step
      person.phones.push(draft.phone)
      person.draft = null
      if (person.phones.length === 1) model.end(person)
      session.mark = model.newMark(person, session.mark)
      model.approve(person, session.mark, draft.phone)
      real.marks[this.slot] = answer?.mark ?? null
    }
    model.written(person)
  }
}

class Challenge extends SessionStep {
  readonly which: number
  readonly offset: number | null
  readonly named: boolean
  constructor (slot: number, which: number, offset: number | null, named: boolean) {
    super(slot)
    this.which = which
    this.offset = offset
    this.named = named
  }

  async ask (model: Model, real: Real, person: Person, session: { mark: object }, caller: SessionCaller) {
    const phone = person.phones[this.which % Math.max(1, person.phones.length)]
    const typed = phone === undefined ? '123456' : codeFor(model, phone, this.offset)
    const factorSid = this.named ? phone?.sid : undefined
    const { code, answer } = await outcome(real.verifier.challenge(caller, { code: typed, factorSid }))

    const closed = model.closed(person)
    if (closed === 'locked' && person.lockedAt !== null && person.lockedAt > model.time + 30) {
      person.lockedAt = model.time
      model.written(person)
    }
    if (closed !== null) return agree('challenge', code, closed === 'locked' ? 'ERR_TOTP_LOCKED' : 'ERR_TOTP_DISABLED')
    if (phone === undefined) return agree('challenge', code, 'ERR_TOTP_NOT_ENROLLED')

    const tried = this.named ? [phone] : person.phones
    const right = tried.filter(phone => (model.matching(phone, typed) ?? -1) > phone.lastStep)
    agree('challenge', code, right.length > 0 ? 'ok' : 'ERR_TOTP_CHALLENGE_DENIED')
    for (const phone of right) phone.lastStep = model.matching(phone, typed) ?? -1
    if (right[0] === undefined) {
      model.fail(person)
    } else {
      person.row = 0
      person.lockedAt = null
      session.mark = model.newMark(person, session.mark)
      model.approve(person, session.mark, right[0])
      real.marks[this.slot] = answer?.mark ?? null
    }
    model.written(person)
  }
}

/** Guesses for as long as it is let, waiting for every lock to end. */
class Siege extends SessionStep {
  readonly guesses: number
  constructor (slot: number, guesses: number) {
    super(slot)
    this.guesses = guesses
  }

  async ask (model: Model, real: Real, person: Person) {
    for (let guess = 0; guess < this.guesses; guess++) {
      while (model.closed(person) === 'locked') await new Wait(30).act(model, real)
      await new Challenge(this.slot, guess, null, false).act(model, real)
    }
  }
}

class Remove extends SessionStep {
  readonly which: number
  constructor (slot: number, which: number) {
    super(slot)
    this.which = which
  }

  async ask (model: Model, real: Real, person: Person, session: { mark: object }, caller: SessionCaller) {
    const phone = person.phones[this.which % Math.max(1, person.phones.length)]
    if (phone === undefined) return
    const { code, answer } = await outcome(real.verifier.remove(caller, phone.sid))
    agree('remove', code, model.guard(person, session.mark, FRESHNESS))
    if (answer === null) return
    person.phones = person.phones.filter(({ sid }) => sid !== phone.sid)
    model.end(person)
    session.mark = model.newMark(person, session.mark)
    real.marks[this.slot] = answer.mark
  }
}

class Operate extends Step {
  readonly what: 'revoke' | 'unlock' | 'reset'
  readonly identity: string
  constructor (what: 'revoke' | 'unlock' | 'reset', identity: string) {
    super()
    this.what = what
    this.identity = identity
  }

  async act (model: Model, real: Real): Promise<void> {
    await real.verifier[this.what](this.identity)
    const person = model.person(this.identity)
    if (!person.known) return
    if (this.what === 'reset') model.people.set(this.identity, new Person())
    if (this.what === 'revoke') model.end(person)
    if (this.what === 'unlock') Object.assign(person, { row: 0, tally: 0, lockedAt: null, disabled: false })
    if (this.what !== 'reset') model.written(person)
  }
}

class Wait extends Step {
  readonly seconds: number
  constructor (seconds: number) {
    super()
    this.seconds = seconds
  }

  async act (model: Model, real: Real): Promise<void> {
    model.time += this.seconds
    real.rig.time += this.seconds
  }
}

class Restart extends Step {
  async act (_model: Model, real: Real): Promise<void> {
    real.verifier = real.rig.instance()
  }
}

function codeFor (model: Model, { key }: Phone, offset: number | null): string {
  const now = Math.floor(model.time / 30)
  if (offset !== null) return referenceCode(key, now + offset)
  const near = [-1, 0, 1].map(offset => referenceCode(key, now + offset))
  return ['000000', '000001', '000002', '000003'].find(code => !near.includes(code)) ?? ''
}

/** How every story begins, so that there is something to lose. */
export function opening (): Command[] {
  return [new LogIn(0, 'alice'), new LogIn(1, 'alice'), new LogIn(2, 'bob'), new Enroll(0), new Verify(0, 0)]
}

const slot = fc.nat({ max: SESSIONS - 1 })
const identity = fc.constantFrom(...IDENTITIES)
const offset = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1) },
  { weight: 2, arbitrary: fc.constantFrom(-2, -1, 2) },
  { weight: 3, arbitrary: fc.constant(null) }
)
const pause = fc.constantFrom(
  1, 29, 30, 31, 60, 90, 299, 301, 600, 601, 3600, 21_600, MAX_AGE, MAX_AGE + 1, -20, -61, -4000)

/** The commands that may follow the opening. */
export const commands = fc.commands([
  fc.tuple(slot, identity).map(([slot, identity]) => new LogIn(slot, identity)),
  slot.map(slot => new Enroll(slot)),
  slot.map(slot => new Enroll(slot)),
  fc.tuple(slot, offset).map(([slot, offset]) => new Verify(slot, offset)),
  slot.map(slot => new Verify(slot, 0)),
  fc.tuple(slot, fc.nat({ max: 2 }), offset, fc.boolean()).map(args => new Challenge(...args)),
  fc.tuple(slot, fc.nat({ max: 2 }), offset, fc.boolean()).map(args => new Challenge(...args)),
  fc.tuple(slot, fc.nat({ max: 2 }), fc.constant(null), fc.boolean()).map(args => new Challenge(...args)),
  fc.tuple(slot, fc.nat({ max: 2 })).map(args => new Remove(...args)),
  slot.map(slot => new GiveBack(slot)),
  fc.tuple(fc.constantFrom('revoke', 'unlock', 'reset'), identity).map(args => new Operate(...args)),
  fc.tuple(slot, fc.integer({ min: 5, max: 60 })).map(args => new Siege(...args)),
  pause.map(seconds => new Wait(seconds)),
  pause.map(seconds => new Wait(seconds)),
  fc.constant(new Restart())
], { maxCommands: 30, size: 'max' })
