import type fc from 'fast-check'
import { TotpError, type Passage, type SessionCaller } from '../../src/index.js'
import {
  BROWSERS, COOKIES, IDENTITIES, MOST_TOKENS, SESSIONS, START, type Asked, type Model, type Person, type Visit
} from './model.js'
import { FRESHNESS, rig, type Instance, type Rig } from './rig.js'

/*
 * Every command is played by the verifier and by the model. The two have to agree on every answer, and after
 * every command on which of the sessions pass which guard, by which approval or remembered browser, and on
 * which of all the tokens that browsers ever had let whom pass.
 */

/** The guards that are asked after every command. */
const GUARDS: readonly Asked[] = [
  {}, { maxAge: FRESHNESS }, { methods: ['totp', 'recovery', 'pass'] }, { methods: ['remembered'] }
]

/** The verifier under test, and the marks of its sessions. */
export class Real {
  readonly rig: Rig = rig(START)
  #instances = [this.rig.instance(), this.rig.instance()]

  /** The instance whose turn it is: the other one after each call. */
  get verifier (): Instance {
    const [next, other] = this.#instances
    if (next === undefined || other === undefined) throw new Error('there are two')
    this.#instances = [other, next]
    return next
  }

  /** Requests that a code of their own let pass. */
  paid = 0

  restart (): void {
    this.#instances = [this.rig.instance(), this.rig.instance()]
  }

  marks: Array<string | null> = Array.from({ length: SESSIONS }, () => null)
  /** The tokens in the cookie of each browser. */
  cookies: Array<readonly string[]> = [...COOKIES]

  caller (model: Readonly<Model>, slot: number): SessionCaller {
    const { identity, browser: place } = model.sessions[slot] ?? { identity: '', browser: 0 }
    const browser = { tokens: this.cookies[place] ?? [], userAgent: BROWSERS[place]?.userAgent }
    return { identity, session: { mark: this.marks[slot] ?? null, began: this.rig.time }, browser }
  }

  /** 'ok' with what lets a request pass, or the refusal. */
  async passage (caller: SessionCaller, asked: Asked): Promise<string> {
    const { code, answer } = await outcome(this.verifier.check(caller, asked))
    return answer === null ? code : told(answer)
  }

  /** What lets a stranger's request pass that has nothing but these tokens of other browsers. */
  async passageBy (identity: string, tokens: readonly string[]): Promise<string> {
    const session = { mark: null, began: this.rig.time }
    return await this.passage({ identity, session, browser: { tokens } }, {})
  }
}

/** A passage in words. */
export function told ({ method, factorSid, at, expiresAt }: Passage): string {
  return `${method} of ${factorSid} from ${at} until ${expiresAt}`
}

/** The code of the refusal, or 'ok' with the answer. */
export async function outcome<T> (call: Promise<T>): Promise<{ code: string, answer: T | null }> {
  try {
    return { code: 'ok', answer: await call }
  } catch (error) {
    if (error instanceof TotpError) return { code: error.code, answer: null }
    throw error
  }
}

export function agree (what: string, real: string, expected: string): void {
  if (real !== expected) throw new Error(`${what}: ${real}, but the model says ${expected}`)
}

export type Command = fc.AsyncCommand<Model, Real>

/** Runs a command, then asks for the vault in every session, and with every token. */
export abstract class Step implements Command {
  check (): boolean { return true }
  abstract act (model: Model, real: Real): Promise<void>

  async run (model: Model, real: Real): Promise<void> {
    await this.act(model, real)
    for (const [slot, session] of model.sessions.entries()) {
      if (session === null) continue
      const { identity, mark, browser } = session
      for (const asked of GUARDS) {
        agree(`guard ${JSON.stringify(asked)} of session ${slot} after ${String(this)}`,
          await real.passage(real.caller(model, slot), asked),
          model.passage(model.person(identity), mark, model.cookies[browser] ?? [], asked))
      }
    }
    for (const [place, tokens] of model.cookies.entries()) {
      agree(`cookie ${place} after ${String(this)}`, String(real.cookies[place]), String(tokens))
    }
    for (const identity of IDENTITIES) await this.tryTokens(model, real, identity)
  }

  /** The first and the last token that should let this person pass, both at once, and all that shouldn't. */
  async tryTokens (model: Model, real: Real, identity: string): Promise<void> {
    const person = model.person(identity)
    const living = model.everRemembered.filter(browser => model.browserOf(person, [browser.token]) !== null)
    const [first, last] = [living.slice(0, 1), living.slice(-1)].map(part => part.map(({ token }) => token))
    for (const tokens of [first ?? [], last ?? [], [...last ?? [], ...first ?? []]]) {
      agree(`living tokens of ${identity} after ${String(this)}`,
        await real.passageBy(identity, tokens), model.passage(person, {}, tokens, {}))
    }
    const dead = model.everRemembered.filter(browser => !living.includes(browser)).map(({ token }) => token)
    for (let first = 0; first < dead.length; first += MOST_TOKENS) {
      const tokens = dead.slice(first, first + MOST_TOKENS)
      agree(`dead tokens of ${identity} after ${String(this)}`,
        await real.passageBy(identity, tokens), model.guard(person, {}, 0, []))
    }
  }

  toString (): string { return `${this.constructor.name}(${Object.values(this).join(', ')})` }
}

/** A command of a session in which a user is logged in. */
export abstract class SessionStep extends Step {
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
    model: Model, real: Real, person: Person, session: Visit, caller: SessionCaller
  ): Promise<void>
}
