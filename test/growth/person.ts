import { newEntity } from '../../src/entity/entity.js'
import type { LoginSession, SessionCaller, Verifier } from '../../src/index.js'
import { hotp, hotpKey } from '../../src/otp/hotp.js'
import { encodeSecret } from '../../src/otp/secret.js'
import type { HmacKey } from '../../src/otp/hmac.js'
import { keyOf } from '../../src/verifier/entities.js'
import type { BatchStore } from './batch-store.js'
import { DAY } from './calendar.js'
import type { Occasion } from './diary.js'
import type { Draws } from './draws.js'
import { refusalOf } from './life.js'
import type { Group, Habits } from './population.js'
import type { Counter, Operation } from './tally.js'

/** Where a person lives. */
export interface World {
  readonly verifier: Verifier
  readonly store: BatchStore
  /** Unix seconds; it goes on while a person acts. */
  readonly clock: { now: number }
  readonly counter: Counter
}

/** Whose life it is. */
export interface Traits {
  readonly identity: string
  readonly friendlyName: string
  readonly group: Group
  readonly habits: Habits
  readonly draws: Draws
}

/** One identity, and the person behind it. */
export interface Person {
  act (occasion: Occasion): Promise<void>
}

/** A login session of one browser. */
interface Login {
  mark: string | null
  readonly endsAt: number
}

interface Phone {
  readonly sid: string
  readonly key: HmacKey
}

const DENIED = 'ERR_TOTP_CHALLENGE_DENIED'
const STEP = 30
/** Codes that a person types before giving up; guesses of an attacker between two locks. */
const TRIES = 5
const SECRET_BYTES = 20

/** Someone who hasn't enrolled yet. All that happens is drawn from `draws`. */
export function personOf (
  { verifier, store, clock, counter }: World, { identity, friendlyName, group, habits, draws }: Traits
): Person {
  const { browsers: [least, most] } = group
  const browsers = least + draws.below(most - least + 1)
  const keepsSession = draws.chance(habits.keepsSession)
  const logsOut = draws.chance(habits.logsOut)
  const secondFactor = draws.chance(habits.secondFactor)
  const phones: Phone[] = []
  const logins = new Map<number, Login>()

  const acts: Readonly<Record<Occasion, () => Promise<void>>> = {
    enrollment: enroll,
    visit,
    'lost phone': async () => phones.length > 1 ? await replacePhone() : await startOver(),
    'password change': revoke,
    guessing: guess,
    async help () {
      await count('unlock, revoke, reset', verifier.unlock(identity))
      await revoke()
    }
  }
  return { act: async occasion => await acts[occasion]() }

  async function enroll (): Promise<void> {
    // Empty, as after the removal of a last factor, with drawn numbers: so each run counts the same bytes.
    const [revision, generation] = [draws.below(2 ** 48), draws.below(2 ** 48)]
    await store.replace(keyOf(identity), null, { ...newEntity(identity, clock.now), revision, generation })
    store.takeCalls()
    const login = await loginOf(0)
    await addPhone(login)
    if (secondFactor) await addPhone(login)
  }

  async function addPhone (login: Login): Promise<void> {
    const secret = Uint8Array.from({ length: SECRET_BYTES }, () => draws.below(256))
    const options = { friendlyName, secret: encodeSecret(secret) }
    const { factor, mark } = await verifier.enroll(callerOf(login), options)
    login.mark = mark ?? login.mark
    const phone = { sid: factor.sid, key: hotpKey(factor.config.alg, secret) }
    wait(STEP)
    const verified = await count('enrollment', verifier.verify(callerOf(login), phone.sid, codeOf(phone)))
    login.mark = verified.mark ?? login.mark
    phones.push(phone)
  }

  async function visit (): Promise<void> {
    const browser = draws.chance(habits.mainBrowser) ? 0 : draws.below(browsers)
    const login = await loginOf(browser)
    const refusal = await count('guarded request', refusalOf(verifier.check(callerOf(login))))
    if (refusal !== null && !(await answerChallenge(login))) return
    // They read what the first one has read.
    counter.suppose('guarded request', habits.requests - 1, clock.now, { reads: 1, writes: 0 })
    if (!logsOut) return
    await count('logout', verifier.withdraw(callerOf(login)))
    logins.delete(browser)
  }

  /** The login session of a browser: a new one where it has none, as after checking the password. */
  async function loginOf (browser: number): Promise<Login> {
    const kept = logins.get(browser)
    if (kept !== undefined && clock.now < kept.endsAt) return kept
    const login = newLogin(browser)
    await count('login', verifier.withdraw(callerOf(login)))
    return login
  }

  function newLogin (browser: number): Login {
    const login = { mark: null, endsAt: keepsSession ? clock.now + habits.longSession * DAY : clock.now }
    logins.set(browser, login)
    return login
  }

  /** False when the person gives up. */
  async function answerChallenge (login: Login): Promise<boolean> {
    for (let tries = 0; tries < TRIES; tries++) {
      wait(10 + draws.below(STEP))
      const phone = phones[draws.below(phones.length)]
      const code = draws.chance(habits.wrongCode) ? wrongCodeOf(phone) : codeOf(phone)
      const refusal = await challenge(login, code)
      if (refusal !== DENIED) return refusal === null
    }
    return false
  }

  /** Answers the code of the refusal, or null when the code was right. */
  async function challenge (login: Login, code: string): Promise<string | null> {
    const refusal = await refusalOf(verifier.challenge(callerOf(login), { code }).then(({ mark }) => {
      login.mark = mark ?? login.mark
    }))
    const judged = refusal === null ? 'right code' : 'wrong code'
    const operation = refusal === null || refusal === DENIED ? judged : 'code while locked or disabled'
    counter.count(operation, clock.now, store.takeCalls())
    return refusal
  }

  /** With the other one: the lost one is removed, and a new one enrolled. */
  async function replacePhone (): Promise<void> {
    const [lost, ...others] = phones.splice(0)
    phones.push(...others)
    const login = await loginOf(0)
    if (lost === undefined || !(await answerChallenge(login))) return
    const { mark } = await count('removal of a factor', verifier.remove(callerOf(login), lost.sid))
    login.mark = mark ?? login.mark
    if (await answerChallenge(login)) await addPhone(login)
  }

  async function startOver (): Promise<void> {
    await count('unlock, revoke, reset', verifier.reset(identity))
    phones.length = 0
    logins.clear()
    await enroll()
  }

  async function revoke (): Promise<void> {
    await count('unlock, revoke, reset', verifier.revoke(identity))
    logins.clear()
  }

  async function guess (): Promise<void> {
    const thief: Login = { mark: null, endsAt: clock.now }
    await count('login', verifier.withdraw(callerOf(thief)))
    for (let tries = 0; tries <= TRIES; tries++) {
      wait(5)
      if (await challenge(thief, wrongCodeOf(phones[0])) !== DENIED) return
    }
  }

  function callerOf ({ mark }: Login): SessionCaller {
    const session: LoginSession = { mark, began: clock.now }
    return { identity, session }
  }

  function codeOf (phone: Phone | undefined, at = clock.now): string {
    return phone === undefined ? '000000' : hotp(phone.key, Math.floor(at / STEP), 6)
  }

  /** Of a day that is over. */
  function wrongCodeOf (phone: Phone | undefined): string {
    return codeOf(phone, clock.now - DAY)
  }

  function wait (seconds: number): void {
    clock.now += seconds
  }

  async function count<T> (operation: Operation, done: Promise<T>): Promise<T> {
    const answer = await done
    counter.count(operation, clock.now, store.takeCalls())
    return answer
  }
}
