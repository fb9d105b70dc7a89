import { endsGeneration } from './generation.js'
import { isDone, mayPrecede, maybeDone, precedes, told, type Act, type Entry } from './journal.js'
import { livingBrowsers, mayForgetItself, mayPassRemembered } from './remembered-browsers.js'

/** Seconds that the approval may be old: for a transfer, to change factors, and for all else. */
const TRANSFER = 60
const FRESHNESS = 300
const MAX_AGE = 43_200

/** Whoever passes has an approval of this very session, and nothing has ended it before the question. */
export function passage (journal: readonly Entry[]): string[] {
  return journal.filter(entry => isDone(entry) && limitOf(journal, entry) !== null)
    .filter(entry => !mayPassRemembered(entry) && approvalsOf(journal, entry).length === 0).map(told)
}

/** Whoever passes by an approval has one that is young enough for the route. */
export function age (journal: readonly Entry[]): string[] {
  return journal.filter(entry => {
    const limit = limitOf(journal, entry)
    const approvals = approvalsOf(journal, entry)
    const isRemembered = mayPassRemembered(entry) && livingBrowsers(journal, entry).length > 0
    return isDone(entry) && limit !== null && approvals.length > 0 && !isRemembered &&
      approvals.every(approval => entry.from - approval.until > Math.min(limit, lifeOf(approval)))
  }).map(told)
}

/** How old the approval may be that an entry took to be done, or null when it took none. */
function limitOf (journal: readonly Entry[], entry: Entry): number | null {
  switch (entry.act) {
    case 'vault':
    case 'report':
    case 'browsers':
      return MAX_AGE
    case 'forget':
      return mayForgetItself(journal, entry) ? null : MAX_AGE
    case 'transfer':
      return TRANSFER
    case 'new codes':
      return FRESHNESS
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

/** Seconds that an approval lasts: by a pass, as long as a change of factors takes. */
function lifeOf ({ recovery }: Entry): number {
  return recovery?.startsWith('pass') === true ? FRESHNESS : MAX_AGE
}

/** The approvals by which an entry may have passed: its session has got their cookie, and they may live. */
export function approvalsOf (journal: readonly Entry[], entry: Entry): Entry[] {
  return journal.filter(approval =>
    ACTS.includes(approval.act) && isDone(approval) &&
    // Recovery codes come of an app alone.
    (entry.act !== 'new codes' || approval.act !== 'recover') &&
    approval.session === entry.session && precedes(approval, entry) &&
    !journal.some(end => endsApproval(journal, end, approval) &&
      precedes(approval, end) && precedes(end, entry)))
}

const ACTS: readonly Act[] = ['challenge', 'verify', 'recover']
const OF_SESSION: readonly Act[] = ['withdraw', 'log out']

function endsApproval (journal: readonly Entry[], end: Entry, { act, session }: Entry): boolean {
  if (!isDone(end)) return false
  // A removal in the visit of a recovery leaves its approval, as long as another factor remains.
  const staysIn = act === 'recover' && end.session === session
  const ofIdentity = endsGeneration(journal, end) && !(end.act === 'remove' && staysIn)
  return ofIdentity || (end.session === session && OF_SESSION.includes(end.act))
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
