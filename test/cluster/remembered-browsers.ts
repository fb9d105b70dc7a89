import { endsGeneration } from './generation.js'
import { isDone, precedes, type Act, type Entry } from './journal.js'

/** Seconds that a cluster remembers browsers: more than a test takes, and less than a restart skips. */
export const REMEMBERED_FOR = 400

/** The routes that take no more than a remembered browser. */
const OPEN: readonly Act[] = ['vault', 'report']

/** A browser that an approved challenge remembered. */
export interface Browser {
  /** The name of its token in the journal. */
  readonly token: string
  /** Null where no list has shown it. */
  readonly sid: string | null
  /** The challenge. */
  readonly making: Entry
}

/** True for a request that a remembered browser lets pass, and that comes from one, or from one that was. */
export function mayPassRemembered ({ act, tokens }: Entry): boolean {
  return OPEN.includes(act) && tokens.length > 0
}

/** The browsers that may let an entry pass: none of them has surely ended before the request began. */
export function livingBrowsers (journal: readonly Entry[], entry: Entry): Browser[] {
  return browsersIn(journal).filter(browser =>
    entry.tokens.includes(browser.token) && !hasEnded(journal, browser, entry))
}

/** Every browser that was remembered. A token that another identity was given is none of them. */
export function browsersIn (journal: readonly Entry[]): Browser[] {
  const makings = journal.filter(entry => entry.act === 'challenge' && isDone(entry))
  const given = makings.map(({ remembered }) => remembered)
  // Of several own tokens the newest comes first. The others were worth nothing when it was given out.
  const lists = journal.filter(({ act }) => act === 'browsers').map(({ tokens, current }) =>
    ({ current, token: tokens.find(token => given.includes(token)) }))
  return makings.flatMap(making => {
    const { remembered: token } = making
    if (token === null) return []
    const shown = lists.find(list => list.current !== null && list.token === token)
    return [{ token, sid: shown?.current ?? null, making }]
  })
}

/** True when the browser was surely forgotten, replaced, voided or too old before an entry was sent. */
export function hasEnded (journal: readonly Entry[], browser: Browser, entry: Entry): boolean {
  const { making } = browser
  return entry.from - making.until > REMEMBERED_FOR || journal.some(end =>
    endsBrowser(journal, end, browser) && precedes(making, end) && precedes(end, entry))
}

/** True when a request to forget a browser may be about the one that asks, which takes no approval. */
export function mayForgetItself (journal: readonly Entry[], { browser, tokens }: Entry): boolean {
  return browser === 'current' || (browser !== 'all' && browsersIn(journal).some(({ token, sid }) =>
    tokens.includes(token) && (sid === null || sid === browser)))
}

function endsBrowser (journal: readonly Entry[], end: Entry, { token, sid }: Browser): boolean {
  if (endsGeneration(journal, end)) return true
  if (!isDone(end)) return false
  const isOwn = end.tokens.includes(token)
  // A browser that is remembered again gets another token.
  if (end.act === 'challenge') return end.remembered !== null && isOwn
  if (end.act !== 'forget') return false
  return end.browser === 'all' || (end.browser === 'current' ? isOwn : end.browser === sid)
}
