import { wasVerified } from './generation.js'
import { isDone, mayPrecede, maybeDone, precedes, told, type Entry } from './journal.js'
import { mayRemove } from './passage-rules.js'

/**
 * A factor that has ended approves nobody, and pays for nothing; only the session that enrolled one verifies
 * it.
 */
export function deadFactors (journal: readonly Entry[]): string[] {
  return journal.filter(isDone).filter(entry => {
    const verification = journal.find(other =>
      other.act === 'verify' && other.factor === entry.factor && isDone(other))
    if (['challenge', 'pay'].includes(entry.act)) {
      return verification !== undefined && isRemoved(journal, verification, entry)
    }
    if (entry.act !== 'verify') return false
    const enrollment = journal.find(({ act, factor }) => act === 'enroll' && factor === entry.factor)
    return enrollment === undefined || enrollment.session !== entry.session ||
      journal.some(end => endsEnrollment(journal, end, enrollment) &&
        precedes(enrollment, end) && precedes(end, entry))
  }).map(told)
}

/** What was verified and not removed is listed, and nothing else. */
export function listing (journal: readonly Entry[]): string[] {
  const verifications = journal.filter(entry => entry.act === 'verify' && maybeDone(entry))
  return journal.filter(entry => entry.act === 'list' && isDone(entry)).flatMap(list => {
    const missing = verifications.filter(entry => isDone(entry) && precedes(entry, list) &&
      !(String(entry.factor) in list.listed) &&
      !journal.some(end => mayRemove(end, entry) && mayPrecede(end, list)))
    const wrong = Object.keys(list.listed).filter(factor => {
      const own = verifications.filter(entry => entry.factor === factor && mayPrecede(entry, list))
      return own.length === 0 || own.some(entry => isRemoved(journal, entry, list))
    })
    return [
      ...missing.map(({ factor }) => `${told(list)} lacks ${factor}`),
      ...wrong.map(factor => `${told(list)} has ${factor}`)
    ]
  })
}

/** A factor has the last name that it was given, or one that was given at the same time. */
export function names (journal: readonly Entry[]): string[] {
  return journal.filter(entry => entry.act === 'list' && isDone(entry)).flatMap(list =>
    Object.entries(list.listed).flatMap(([factor, name]) => {
      const namings = journal.filter(entry =>
        entry.factor === factor && entry.name !== null && maybeDone(entry))
      const fits = namings.some(naming => naming.name === name && mayPrecede(naming, list) &&
        !namings.some(later => precedes(naming, later) && precedes(later, list)))
      return fits ? [] : [`${told(list)} calls ${factor} ${name}`]
    }))
}

/** True when the factor was surely gone before an entry was sent. */
function isRemoved (journal: readonly Entry[], verification: Entry, entry: Entry): boolean {
  return journal.some(end => isDone(end) && precedes(end, entry) && mayRemove(end, verification) &&
    (end.act === 'remove' || precedes(verification, end)))
}

/** An enrollment ends with its factor, with the next one, and with everything that voids approvals. */
function endsEnrollment (journal: readonly Entry[], end: Entry, { factor }: Entry): boolean {
  if (!isDone(end)) return false
  if (end.act === 'remove') return end.factor === factor || wasVerified(journal, end)
  return ['enroll', 'revoke', 'reset', 'recover'].includes(end.act)
}
