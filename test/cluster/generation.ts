import { isDone, type Act, type Entry } from './journal.js'

const ENDING: readonly Act[] = ['revoke', 'reset', 'recover']

/** True when it ended every approval and every remembered browser that the identity had. */
export function endsGeneration (journal: readonly Entry[], end: Entry): boolean {
  return isDone(end) && (ENDING.includes(end.act) || (end.act === 'remove' && wasVerified(journal, end)))
}

/** A factor that was verified and is removed was removed after that: the other way round it is not there. */
export function wasVerified (journal: readonly Entry[], { factor }: Entry): boolean {
  return journal.some(entry => entry.act === 'verify' && entry.factor === factor && isDone(entry))
}
