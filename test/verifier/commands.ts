import { base32nopad } from '@scure/base'
import type { SessionCaller } from '../../src/index.js'
import { BROWSERS, Person, type Model, type Phone, type Visit } from './model.js'
import { FRESHNESS, MAX_AGE, RECOVERY_CODES, referenceCode } from './rig.js'
import { agree, outcome, SessionStep, Step, told, type Real } from './steps.js'

export class LogIn extends Step {
  readonly slot: number
  readonly identity: string
  readonly browser: number
  constructor (slot: number, identity: string, browser: number) {
    super()
    this.slot = slot
    this.identity = identity
    this.browser = browser
  }

  async act (model: Model, real: Real): Promise<void> {
    model.sessions[this.slot] = { identity: this.identity, mark: {}, browser: this.browser }
    real.marks[this.slot] = null
    const { mark } = await real.verifier.withdraw(real.caller(model, this.slot))
    real.marks[this.slot] = mark
  }
}

export class GiveBack extends SessionStep {
  async ask (model: Model, real: Real, person: Person, session: Visit, caller: SessionCaller) {
    const { mark } = await real.verifier.withdraw(caller)
    real.marks[this.slot] = mark
    session.mark = model.newMark(person, session.mark)
    if (person.known) model.written(person)
  }
}

export class Enroll extends SessionStep {
  async ask (model: Model, real: Real, person: Person, session: Visit, caller: SessionCaller) {
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

export class Verify extends SessionStep {
  readonly offset: number | null
  constructor (slot: number, offset: number | null) {
    super(slot)
    this.offset = offset
  }

  async ask (model: Model, real: Real, person: Person, session: Visit, caller: SessionCaller) {
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
      const isFirst = person.phones.length === 1
      const expected = isFirst ? RECOVERY_CODES : undefined
      agree('recovery codes', String(answer?.recoveryCodes?.length), String(expected))
      if (isFirst) {
        model.end(person)
        show(model, person, answer?.recoveryCodes ?? [])
      }
      session.mark = model.newMark(person, session.mark)
      model.approve(person, session.mark, 'totp', draft.phone.sid)
      real.marks[this.slot] = answer?.mark ?? null
    }
    model.written(person)
  }
}

/** How a challenge asks to remember: not at all, this browser, or another one that has no token yet. */
export type Remembers = 'none' | 'this' | 'another'

export class Challenge extends SessionStep {
  readonly which: number
  readonly offset: number | null
  readonly named: boolean
  readonly remembers: Remembers
  constructor (slot: number, which: number, offset: number | null, named: boolean, remembers: Remembers) {
    super(slot)
    this.which = which
    this.offset = offset
    this.named = named
    this.remembers = remembers
  }

  async ask (model: Model, real: Real, person: Person, session: Visit, caller: SessionCaller) {
    const phone = person.phones[this.which % Math.max(1, person.phones.length)]
    const typed = phone === undefined ? '123456' : codeFor(model, phone, this.offset)
    const factorSid = this.named ? phone?.sid : undefined
    const browser = this.remembers === 'another' ? { tokens: [] } : caller.browser ?? { tokens: [] }
    const remember = this.remembers === 'none' ? undefined : true
    const challenge = real.verifier.challenge({ ...caller, browser }, { code: typed, factorSid, remember })
    const { code, answer } = await outcome(challenge)

    const closed = model.closedTo(person)
    if (closed !== null) return agree('challenge', code, closed)
    if (phone === undefined) return agree('challenge', code, 'ERR_TOTP_NOT_ENROLLED')

    const right = model.judge(person, this.named ? [phone] : person.phones, typed)
    agree('challenge', code, right === null ? 'ERR_TOTP_CHALLENGE_DENIED' : 'ok')
    if (right !== null) {
      session.mark = model.newMark(person, session.mark)
      model.approve(person, session.mark, 'totp', right.sid)
      real.marks[this.slot] = answer?.mark ?? null
      await this.remember(model, real, person, session, answer?.browserTokens ?? null)
    }
    model.written(person)
  }

  /** The answer has a token that no browser has had. Its sid is in the operator's list. */
  async remember (
    model: Model, real: Real, person: Person, { identity, browser }: Visit, tokens: readonly string[] | null
  ) {
    agree('a new cookie', String(tokens !== null), String(this.remembers !== 'none'))
    if (tokens === null) return
    const [token = ''] = tokens
    agree('a known token', String(model.everRemembered.some(known => known.token === token)), 'false')
    const [latest] = await real.verifier.browsers({ identity, operator: true })
    const isThis = this.remembers === 'this'
    const name = isThis ? BROWSERS[browser]?.name ?? '' : 'Browser'
    const { time: at } = model
    const remembered = { sid: latest?.sid ?? '', token, name, at, generation: person.generation }
    model.remember(person, remembered, isThis ? browser : null)
    if (isThis) real.cookies[browser] = tokens
    else agree('cookie of the other browser', String(tokens), token)
  }
}

/** Asks for something that takes a code with each request, and brings one, or none. */
export class Pay extends SessionStep {
  readonly which: number
  /** Of the code, in steps from now; null for a wrong one, undefined for none. */
  readonly offset: number | null | undefined
  readonly named: boolean
  constructor (slot: number, which: number, offset: number | null | undefined, named: boolean) {
    super(slot)
    this.which = which
    this.offset = offset
    this.named = named
  }

  async ask (model: Model, real: Real, person: Person, _session: Visit, caller: SessionCaller) {
    const { offset } = this
    const phone = person.phones[this.which % Math.max(1, person.phones.length)]
    const typed = phone === undefined ? '123456' : codeFor(model, phone, offset ?? null)
    const factorSid = this.named ? phone?.sid : undefined
    const brought = { code: offset === undefined ? undefined : typed, factorSid }
    const { code, answer } = await outcome(real.verifier.judgeRequest(caller, brought))
    if (phone === undefined) return agree('payment', code, 'ERR_TOTP_NOT_ENROLLED')
    const closed = offset === undefined ? model.refusal(person) : model.closedTo(person)
    if (closed !== null) return agree('payment', code, closed)
    if (offset === undefined) return agree('payment', code, 'ERR_TOTP_CODE_REQUIRED')

    const right = model.judge(person, this.named ? [phone] : person.phones, typed)
    const passage = `totp of ${right?.sid} from ${model.time} until ${model.time}`
    agree('payment', answer === null ? code : told(answer), right === null ? 'ERR_TOTP_CHALLENGE_DENIED' : passage)
    if (right !== null) real.paid++
    model.written(person)
  }
}

/** Guesses for as long as it is let, waiting for every lock to end. */
export class Siege extends SessionStep {
  readonly guesses: number
  constructor (slot: number, guesses: number) {
    super(slot)
    this.guesses = guesses
  }

  async ask (model: Model, real: Real, person: Person) {
    for (let guess = 0; guess < this.guesses; guess++) {
      while (model.closed(person) === 'locked') await new Wait(30).act(model, real)
      await new Challenge(this.slot, guess, null, false, 'this').act(model, real)
    }
  }
}

export class Remove extends SessionStep {
  readonly which: number
  constructor (slot: number, which: number) {
    super(slot)
    this.which = which
  }

  async ask (model: Model, real: Real, person: Person, session: Visit, caller: SessionCaller) {
    const phone = person.phones[this.which % Math.max(1, person.phones.length)]
    if (phone === undefined) return
    const { code, answer } = await outcome(real.verifier.remove(caller, phone.sid))
    agree('remove', code, model.guard(person, session.mark, FRESHNESS))
    if (answer === null) return
    const own = model.approvalOf(person, session.mark, MAX_AGE)
    person.phones = person.phones.filter(({ sid }) => sid !== phone.sid)
    if (person.phones.length === 0) person.codes.clear()
    model.end(person)
    if (own !== null && own.method !== 'totp' && person.phones.length > 0) {
      agree('mark after the removal', String(answer.mark), 'null')
      person.approvals.set(session.mark, { ...own, generation: person.generation })
      return
    }
    session.mark = model.newMark(person, session.mark)
    real.marks[this.slot] = answer.mark
  }
}

/** A recovery code or a pass: one that should work, one that was ever shown, or one that no one has. */
export class Recover extends SessionStep {
  readonly which: number
  readonly kind: 'own' | 'pass' | 'latest' | 'any' | 'wrong'
  constructor (slot: number, which: number, kind: 'own' | 'pass' | 'latest' | 'any' | 'wrong') {
    super(slot)
    this.which = which
    this.kind = kind
  }

  async ask (model: Model, real: Real, person: Person, session: Visit, caller: SessionCaller) {
    const code = this.codeOf(model, person)
    const typed = spelt(code, this.which)
    const { code: outcomeCode, answer } = await outcome(real.verifier.recover(caller, typed))
    const method = model.worth(person, code)
    agree('recover', outcomeCode, method === null ? 'ERR_TOTP_CHALLENGE_DENIED' : 'ok')
    if (method === null || answer === null) return
    person.codes.delete(code)
    agree('method', String(answer.approval?.method), method)
    agree('remaining', String(answer.remaining), String(person.codes.size))
    Object.assign(person, { row: 0, tally: 0, lockedAt: null, disabled: false })
    model.end(person)
    session.mark = model.newMark(person, session.mark)
    model.approve(person, session.mark, method, null)
    real.marks[this.slot] = answer.mark
    model.written(person)
  }

  codeOf (model: Model, person: Person): string {
    const pass = person.pass === null ? [] : [person.pass.code]
    const { shown } = model
    const from = { own: [...person.codes], pass, latest: shown.slice(-1), any: shown, wrong: [] }[this.kind]
    return from[this.which % Math.max(1, from.length)] ?? 'AAAA-BBBB-CCCC-DDDD-EEEE-2222'
  }
}

export class Regenerate extends SessionStep {
  async ask (model: Model, real: Real, person: Person, session: Visit, caller: SessionCaller) {
    const { code, answer } = await outcome(real.verifier.newRecoveryCodes(caller))
    agree('new recovery codes', code, model.guard(person, session.mark, FRESHNESS, ['totp']))
    if (answer === null) return
    show(model, person, answer.recoveryCodes)
    model.written(person)
  }
}

export class IssuePass extends Step {
  readonly identity: string
  readonly life: number
  constructor (identity: string, life: number) {
    super()
    this.identity = identity
    this.life = life
  }

  async act (model: Model, real: Real): Promise<void> {
    const { code, answer } = await outcome(real.verifier.pass(this.identity, { for: this.life, by: 'Carol' }))
    const person = model.person(this.identity)
    agree('pass', code, person.phones.length > 0 ? 'ok' : 'ERR_TOTP_NOT_ENROLLED')
    if (answer === null) return
    person.pass = { code: answer.code, at: model.time, life: this.life, generation: person.generation }
    model.shown.push(answer.code)
    model.written(person)
  }
}

/** Calls the operator for a pass, and gives it a while later. */
export class CallForHelp extends SessionStep {
  readonly seconds: number
  constructor (slot: number, seconds: number) {
    super(slot)
    this.seconds = seconds
  }

  async ask (model: Model, real: Real) {
    await new IssuePass(model.sessions[this.slot]?.identity ?? '', 600).act(model, real)
    await new Wait(this.seconds).act(model, real)
    await new Recover(this.slot, 0, 'pass').act(model, real)
  }
}

export class Operate extends Step {
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

export class Wait extends Step {
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

export class Restart extends Step {
  async act (_model: Model, real: Real): Promise<void> {
    real.restart()
  }
}

/** A new set of recovery codes, in the place of the one before. */
function show (model: Model, person: Person, codes: readonly string[]): void {
  person.codes = new Set(codes)
  model.shown.push(...codes)
}

/** The code in one of the ways in which it may be written. */
function spelt (code: string, which: number): string {
  return [code, code.toLowerCase(), code.replaceAll('-', ' '), ` ${code.replaceAll('-', '')}`][which % 4] ?? code
}

function codeFor (model: Model, { key }: Phone, offset: number | null): string {
  const now = Math.floor(model.time / 30)
  if (offset !== null) return referenceCode(key, now + offset)
  const near = [-1, 0, 1].map(offset => referenceCode(key, now + offset))
  return ['000000', '000001', '000002', '000003'].find(code => !near.includes(code)) ?? ''
}
