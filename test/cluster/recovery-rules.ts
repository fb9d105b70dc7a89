import { isDone, precedes, told, type Act, type Entry } from './journal.js'

/** A recovery code or a pass is approved once, and only for the identity that it was shown to. */
export function recoveredOnce (journal: readonly Entry[]): string[] {
  return recoveries(journal).flatMap(one => recoveries(journal)
    .filter(other => one.recovery === other.recovery && one.sent < other.sent)
    .map(other => `${told(one)}, and then ${told(other)}`))
}

const REPLACING: Readonly<Record<'code' | 'pass', readonly Act[]>> = {
  code: ['new codes', 'reset'],
  // Any approval voids a pass, and so does another one.
  pass: ['pass', 'revoke', 'reset', 'recover', 'challenge', 'verify']
}

/** Nothing works that was shown, and then voided, before it was given. */
export function replaced (journal: readonly Entry[]): string[] {
  return recoveries(journal).filter(recovery => {
    const making = journal.find(({ made }) => made.includes(recovery.recovery ?? ''))
    const voiding = REPLACING[recovery.recovery?.startsWith('pass') === true ? 'pass' : 'code']
    return making === undefined || journal.some(end => voiding.includes(end.act) && isDone(end) &&
      precedes(making, end) && precedes(end, recovery))
  }).map(told)
}

function recoveries (journal: readonly Entry[]): Entry[] {
  return journal.filter(entry => entry.act === 'recover' && isDone(entry))
}
