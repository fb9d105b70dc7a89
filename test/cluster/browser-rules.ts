import { isDone, told, type Entry } from './journal.js'
import { approvalsOf } from './passage-rules.js'
import { browsersIn, hasEnded, livingBrowsers, mayPassRemembered } from './remembered-browsers.js'

/**
 * A remembered browser lets its own user pass, and nobody once it was forgotten, replaced, too old, or its
 * generation has ended.
 */
export function remembered (journal: readonly Entry[]): string[] {
  return passedUnapproved(journal).filter(entry => livingBrowsers(journal, entry).length === 0).map(told)
}

/** The requests that passed in a session without an approval, and carried the token of a browser. */
export function passedUnapproved (journal: readonly Entry[]): Entry[] {
  return journal.filter(entry =>
    isDone(entry) && mayPassRemembered(entry) && approvalsOf(journal, entry).length === 0)
}

/** No browser is listed that has ended. */
export function browserListing (journal: readonly Entry[]): string[] {
  const known = browsersIn(journal)
  return journal.filter(entry => entry.act === 'browsers' && isDone(entry)).flatMap(list =>
    known.filter(browser => browser.sid !== null && list.browsers.includes(browser.sid) &&
      hasEnded(journal, browser, list)).map(({ token }) => `${told(list)} has ${token}`))
}
