/** What can be asked of a server or, the last three, of the operator's verifier. */
export type Act =
  | 'log in' | 'log out' | 'withdraw' | 'vault' | 'transfer' | 'report' | 'enroll' | 'verify' | 'challenge'
  | 'rename' | 'remove' | 'list' | 'revoke' | 'unlock' | 'reset'

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
export function told ({ act, identity, session, factor, step, sent, answered, status, code }: Entry): string {
  const about = [session, factor, step].filter(part => part !== null).join(' ')
  return `${sent}-${answered} ${identity} ${act} ${about}: ${status} ${code ?? ''}`.trimEnd()
}
