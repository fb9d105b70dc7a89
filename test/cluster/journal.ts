/** What can be asked of a server or, the last four, of the operator's verifier. */
export type Act =
  | 'log in' | 'log out' | 'withdraw' | 'vault' | 'transfer' | 'report' | 'pay' | 'enroll' | 'verify' | 'challenge'
  | 'rename' | 'remove' | 'list' | 'recover' | 'new codes' | 'browsers' | 'forget' | 'revoke' | 'unlock' | 'reset' | 'pass'

/** One request, with its answer. Moments are counted, so that no two are the same. */
export interface Entry {
  readonly act: Act
  readonly identity: string
  /** Name of the login session; null for the operator. */
  readonly session: string | null
  /** The factor that it is about: whose code it is, or which one an enrollment made; null for none. */
  readonly factor: string | null
  /** The step of the code; null for a wrong one, and where there is no code. */
  readonly step: number | null
  /** The name, in this journal, of the recovery code or pass that was given; null where there is none. */
  readonly recovery: string | null
  /** The names of the recovery codes, or of the pass, that the answer showed. */
  readonly made: readonly string[]
  /** The names, in this journal, of the tokens of remembered browsers that the request carried. */
  readonly tokens: readonly string[]
  /** The name of the token that the answer gave to the browser; null where it gave none. */
  readonly remembered: string | null
  /** The browser to forget: its sid, `current` or `all`. Null where none is to be forgotten. */
  readonly browser: string | null
  /** The sids of the browsers that were listed. */
  readonly browsers: readonly string[]
  /** The sid of the browser that asked, as the list has it; null for none. */
  readonly current: string | null
  /** The name that a factor was given. */
  readonly name: string | null
  /** Verified factors that were listed, and their names. */
  readonly listed: Readonly<Record<string, string>>
  /** The moment at which it was sent. */
  readonly sent: number
  /** The moment at which its answer was there; Infinity when none came. */
  readonly answered: number
  /** The servers' clock at these moments, in Unix seconds. */
  readonly from: number
  readonly until: number
  /** Null when no answer came. */
  readonly status: number | null
  /** Of an error. */
  readonly code: string | null
}

/** What is in an entry that says nothing else. */
export const NOTHING = {
  factor: null,
  step: null,
  recovery: null,
  made: [],
  tokens: [],
  remembered: null,
  browser: null,
  browsers: [],
  current: null,
  name: null,
  listed: {}
}

/**
 * What is known of its effect. A refusal has none. A wrong code was counted. Without an answer, or with one
 * that doesn't say, it may have happened, or may still happen.
 */
export type Outcome = 'done' | 'denied' | 'refused' | 'unknown'

/** What an entry says about its effect. */
export function outcomeOf ({ status, code }: Entry): Outcome {
  if (status === null || status >= 500 || status === 401) return 'unknown'
  if (status < 300) return 'done'
  return code === 'ERR_TOTP_CHALLENGE_DENIED' ? 'denied' : 'refused'
}

/** True when it surely took effect. */
export function isDone (entry: Entry): boolean {
  return outcomeOf(entry) === 'done'
}

/** True when it took effect, or may have. */
export function maybeDone (entry: Entry): boolean {
  return ['done', 'unknown'].includes(outcomeOf(entry))
}

/** True when one was over before the other was sent, whatever the network did. */
export function precedes (one: Entry, other: Entry): boolean {
  return outcomeOf(one) !== 'unknown' && one.answered < other.sent
}

/** True when one may have taken effect before the other did. */
export function mayPrecede (one: Entry, other: Entry): boolean {
  return one.sent < other.answered
}

/** An entry in one line, without anything secret: there is none in it. */
export function told (entry: Entry): string {
  const { act, identity, session, factor, step, recovery, browser, remembered, tokens } = entry
  const { sent, answered, status, code } = entry
  const about = [session, factor, step, recovery, browser, remembered, ...tokens].filter(part => part !== null).join(' ')
  return `${sent}-${answered} ${identity} ${act} ${about}: ${status} ${code ?? ''}`.trimEnd()
}
