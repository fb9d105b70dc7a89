import fc from 'fast-check'
import { Crowd, Forget, ListBrowsers, OperatorForgets, RememberedThen } from './browser-commands.js'
import {
  CallForHelp, Challenge, Enroll, GiveBack, IssuePass, LogIn, Operate, Pay, Recover, Regenerate, Remove,
  Restart, Siege, Verify, Wait, type Remembers
} from './commands.js'
import { BROWSERS, IDENTITIES, MOST_REMEMBERED, SESSIONS } from './model.js'
import { MAX_AGE, REMEMBER_FOR } from './rig.js'
import type { Command, Step } from './steps.js'

/** How every story begins, so that there is something to lose. */
export function opening (): Command[] {
  return [
    new LogIn(0, 'alice', 0), new LogIn(1, 'alice', 1), new LogIn(2, 'bob', 0), new Enroll(0), new Verify(0, 0)
  ]
}

const slot = fc.nat({ max: SESSIONS - 1 })
const browser = fc.nat({ max: BROWSERS.length - 1 })
const identity = fc.constantFrom(...IDENTITIES)
const offset = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1) },
  { weight: 2, arbitrary: fc.constantFrom(-2, -1, 2) },
  { weight: 3, arbitrary: fc.constant(null) }
)
/** Of the code that a payment brings: none at all, too. */
const payment = fc.oneof({ weight: 5, arbitrary: offset }, { weight: 1, arbitrary: fc.constant(undefined) })
const which = fc.nat({ max: 2 })
const pause = fc.constantFrom(
  1, 29, 30, 31, 60, 90, 299, 301, 600, 601, 3600, 21_600, MAX_AGE, MAX_AGE + 1, -20, -61, -4000)
/** Around the moments at which a remembered browser ends: its time is over, or the clock was set back. */
const absence = fc.constantFrom(
  0, MAX_AGE + 1, REMEMBER_FOR - MAX_AGE, REMEMBER_FOR, REMEMBER_FOR + 1, 2 * REMEMBER_FOR, -30, -31)
const operation = fc.tuple(fc.constantFrom('revoke', 'unlock', 'reset'), identity).map(args => new Operate(...args))
const forgotten = fc.constantFrom<Forget['kind']>('own', 'this', 'current', 'any', 'all')
const remembers = fc.constantFrom<Remembers>('none', 'this', 'this', 'another')

/** Something that may end what a session has. */
function ending (slot: number): fc.Arbitrary<Step> {
  return fc.oneof<Array<fc.Arbitrary<Step>>>(
    absence.map(seconds => new Wait(seconds)),
    operation,
    fc.nat().map(which => new Recover(slot, which, 'own')),
    fc.constant(new CallForHelp(slot, 0)),
    which.map(which => new Remove(slot, which)),
    fc.tuple(fc.nat(), forgotten).map(args => new Forget(slot, ...args)),
    fc.constant(new ListBrowsers(slot)),
    fc.constant(new GiveBack(slot)),
    fc.constant(new Pay(slot, 0, 1, true)),
    fc.integer({ min: 5, max: 60 }).map(guesses => new Siege(slot, guesses))
  )
}

/** A session whose browser is remembered, and then loses it. Maybe its user has two phones, or a pass. */
function remembered (slot: number): fc.Arbitrary<Command> {
  return fc.tuple(fc.constantFrom('nothing', 'phone', 'pass'), ending(slot)).map(([more, last]) => {
    const phone = [new Enroll(slot), new Verify(slot, 0), last]
    const pass = [new IssuePass('alice', 600), last, new Recover(slot, 0, 'latest')]
    return new RememberedThen(slot, { nothing: [last], phone, pass }[more])
  })
}

/** The commands that may follow the opening. */
export const commands = fc.commands([
  fc.tuple(slot, identity, browser).map(args => new LogIn(...args)),
  slot.map(slot => new Enroll(slot)),
  slot.map(slot => new Enroll(slot)),
  fc.tuple(slot, offset).map(([slot, offset]) => new Verify(slot, offset)),
  slot.map(slot => new Verify(slot, 0)),
  fc.tuple(slot, which, offset, fc.boolean(), remembers).map(args => new Challenge(...args)),
  fc.tuple(slot, which, offset, fc.boolean(), remembers).map(args => new Challenge(...args)),
  fc.tuple(slot, which, fc.constant(null), fc.boolean(), remembers).map(args => new Challenge(...args)),
  fc.tuple(slot, which, payment, fc.boolean()).map(args => new Pay(...args)),
  fc.tuple(slot, which, payment, fc.boolean()).map(args => new Pay(...args)),
  slot.chain(remembered),
  slot.chain(remembered),
  slot.chain(remembered),
  fc.tuple(slot, fc.integer({ min: 1, max: MOST_REMEMBERED + 2 })).map(args => new Crowd(...args)),
  slot.map(slot => new ListBrowsers(slot)),
  fc.tuple(slot, fc.nat(), forgotten).map(args => new Forget(...args)),
  fc.tuple(slot, fc.nat(), forgotten).map(args => new Forget(...args)),
  fc.tuple(identity, fc.boolean()).map(args => new OperatorForgets(...args)),
  fc.tuple(slot, which).map(args => new Remove(...args)),
  fc.tuple(slot, fc.nat(), fc.constantFrom('own', 'own', 'pass', 'any', 'wrong')).map(args => new Recover(...args)),
  fc.tuple(slot, fc.nat(), fc.constantFrom('own', 'own', 'pass', 'any', 'wrong')).map(args => new Recover(...args)),
  slot.map(slot => new Regenerate(slot)),
  fc.tuple(identity, fc.constantFrom(1, 600, 86_400)).map(args => new IssuePass(...args)),
  fc.tuple(slot, fc.constantFrom(0, 1, 600, 601, -31)).map(args => new CallForHelp(...args)),
  slot.map(slot => new GiveBack(slot)),
  operation,
  fc.tuple(slot, fc.integer({ min: 5, max: 60 })).map(args => new Siege(...args)),
  pause.map(seconds => new Wait(seconds)),
  pause.map(seconds => new Wait(seconds)),
  fc.constant(new Restart())
], { maxCommands: 35, size: 'max' })
