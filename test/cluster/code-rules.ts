import { isDone, mayPrecede, maybeDone, outcomeOf, precedes, told, type Act, type Entry } from './journal.js'

const TIME_STEP = 30
const SKEW = 1
const LOCK_AFTER = 5
/** The first lock, and the shortest. */
const LOCK_FOR = 30
/** Wrong codes that an unverified factor may have. */
const OWN_ATTEMPTS = 5

/** A code works once per factor, for a payment or its verification too, and accepted steps only rise. */
export function singleUse (journal: readonly Entry[]): string[] {
  const uses = journal.filter(entry => isUse(entry) && entry.factor !== null && entry.step !== null)
  return uses.flatMap(one => uses.flatMap(other => {
    const { factor, step } = other
    if (one === other || one.factor !== factor || one.step === null || step === null) return []
    const again = one.step === step && one.sent < other.sent
    const back = precedes(one, other) && step < one.step
    return again || back ? [`${told(one)}, and then ${told(other)}`] : []
  }))
}

/** What is accepted is a right code of the present step, or of one beside it. */
export function rightCodes (journal: readonly Entry[]): string[] {
  return journal.filter(isUse).filter(({ step, from, until }) =>
    step === null || step < stepAt(from) - SKEW || step > stepAt(until) + SKEW).map(told)
}

/**
 * Wrong codes are judged five at a time. Before a right one there are four at most, since the fifth locks;
 * before whatever else ends the row, and at the end, five; and five more for each lock that had time to end.
 */
export function budget (journal: readonly Entry[]): string[] {
  const denials = journal.filter(isDenial)
  const ends = journal.filter(endsRow)
  return denials.flatMap(first => {
    const later = denials.filter(({ sent }) => sent >= first.sent).sort((a, b) => a.answered - b.answered)
    const broken = later.find((last, i) => {
      const between = ends.filter(end => mayPrecede(end, last) && !precedes(end, first))
      const approvals = between.filter(isDone).filter(isUse).length
      const locks = Math.floor((last.until - first.from) / LOCK_FOR)
      return i + 1 > (LOCK_AFTER - 1) * approvals + LOCK_AFTER * (between.length - approvals + 1 + locks)
    })
    return broken === undefined ? [] : [`too many wrong codes were judged from ${told(first)} to ${told(broken)}`]
  }).slice(0, 1)
}

/** A right code is not accepted while a lock lasts: within 30 s of the first of five wrong ones in a row. */
export function lock (journal: readonly Entry[]): string[] {
  const ends = journal.filter(endsRow)
  return journal.filter(entry => JUDGING.includes(entry.act) && isDone(entry)).flatMap(approval => {
    const others = ends.filter(entry => entry !== approval && entry.sent < approval.answered)
    const row = journal.filter(entry => isDenial(entry) && precedes(entry, approval) &&
      approval.until - entry.from < LOCK_FOR && others.every(end => precedes(end, entry)))
    return row.length < LOCK_AFTER ? [] : [told(approval)]
  })
}

/** The fifth wrong code ends an unverified factor; they count on that factor alone. */
export function ownBudget (journal: readonly Entry[]): string[] {
  const codes = journal.filter(({ act }) => act === 'verify')
  const denials = codes.filter(entry => outcomeOf(entry) === 'denied')
  return codes.filter(entry => {
    const own = denials.filter(({ factor }) => factor === entry.factor)
    const before = own.filter(denial => precedes(denial, entry))
    return own.length > OWN_ATTEMPTS || (isDone(entry) && before.length === OWN_ATTEMPTS)
  }).map(told)
}

/** What judges codes of verified factors. */
const JUDGING: readonly Act[] = ['challenge', 'pay']

function isUse (entry: Entry): boolean {
  return [...JUDGING, 'verify'].includes(entry.act) && isDone(entry)
}

/** Codes for an unverified factor count elsewhere. */
function isDenial (entry: Entry): boolean {
  return JUDGING.includes(entry.act) && outcomeOf(entry) === 'denied'
}

/** What sets the count of wrong codes to nought, or may have. */
function endsRow (entry: Entry): boolean {
  const right = JUDGING.includes(entry.act) && entry.step !== null
  return (right || ['unlock', 'reset', 'recover'].includes(entry.act)) && maybeDone(entry)
}

function stepAt (time: number): number {
  return Math.floor(time / TIME_STEP)
}
