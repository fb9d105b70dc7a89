import { isDone, mayPrecede, maybeDone, precedes, told, type Act, type Entry } from './journal.js'

/** Seconds that the approval may be old: for a transfer, to change factors, and for all else. */
const TRANSFER = 60
const FRESHNESS = 300
const MAX_AGE = 43_200

/** Whoever passes has an approval of this very session, and nothing has ended it before the question. */
export function passage (journal: readonly Entry[]): string[] {
  return journal.filter(entry => isDone(entry) && limitOf(journal, entry) !== null)
    .filter(entry => approvalsOf(journal, entry).length === 0).map(told)
}

/** Whoever passes has an approval that is young enough for the route. */
export function age (journal: readonly Entry[]): string[] {
  return journal.filter(entry => {
    const limit = limitOf(journal, entry)
    const approvals = approvalsOf(journal, entry)
    return isDone(entry) && limit !== null && approvals.length > 0 &&
      approvals.every(({ until }) => entry.from - until > limit)
  }).map(told)
}

/** How old the approval may be that an entry took to be done, or null when it took none. */
function limitOf (journal: readonly Entry[], entry: Entry): number | null {
  switch (entry.act) {
    case 'vault':
    case 'report':
      return MAX_AGE
    case 'transfer':
      return TRANSFER
    case 'rename':
    case 'remove':
      return isVerifiedBy(journal, entry) ? FRESHNESS : null
    case 'enroll':
    case 'verify':
      return isEnrolledBy(journal, entry) ? FRESHNESS : null
    default:
      return null
  }
}

/** The approvals by which an entry may have passed: its session has got their cookie, and they may live. */
function approvalsOf (journal: readonly Entry[], entry: Entry): Entry[] {
  return journal.filter(approval =>
    (approval.act === 'challenge' || approval.act === 'verify') && isDone(approval) &&
    approval.session === entry.session && precedes(approval, entry) &&
    !journal.some(end => endsApproval(journal, end, approval) &&
      precedes(approval, end) && precedes(end, entry)))
}

const OF_IDENTITY: readonly Act[] = ['revoke', 'reset']
const OF_SESSION: readonly Act[] = ['withdraw', 'log out']

function endsApproval (journal: readonly Entry[], end: Entry, { session }: Entry): boolean {
  if (!isDone(end)) return false
  const ofIdentity = OF_IDENTITY.includes(end.act) || (end.act === 'remove' && wasVerified(journal, end))
  return ofIdentity || (end.session === session && OF_SESSION.includes(end.act))
}

/** A factor that was verified and is removed was removed after that: the other way round it is not there. */
export function wasVerified (journal: readonly Entry[], { factor }: Entry): boolean {
  return journal.some(entry => entry.act === 'verify' && entry.factor === factor && isDone(entry))
}

function isVerifiedBy (journal: readonly Entry[], entry: Entry): boolean {
  return journal.some(verification => verification.act === 'verify' && isDone(verification) &&
    verification.factor === entry.factor && precedes(verification, entry))
}

/** True when the identity surely had a verified factor while the entry was under way. */
function isEnrolledBy (journal: readonly Entry[], entry: Entry): boolean {
  return journal.some(verification => verification.act === 'verify' && isDone(verification) &&
    precedes(verification, entry) &&
    !journal.some(end => mayRemove(end, verification) && mayPrecede(end, entry)))
}

/** True when this took the factor away, or may have. */
export function mayRemove (end: Entry, { factor }: Entry): boolean {
  return maybeDone(end) && (end.act === 'reset' || (end.act === 'remove' && end.factor === factor))
}
