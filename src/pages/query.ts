import type { Headers } from '../http/cross-site.js'
import { ownValue } from '../own-property.js'
import { NOTICES, type CodeProblem, type Notice, type RecoverPage, type StartProblem } from './page.js'

/** What the query of a page says. */
export interface Query {
  /** The way back, if there is one. Its signature isn't checked yet. */
  readonly returnTo: string | null
  readonly notice: Notice | null
  /** The name of the problem. */
  readonly problem: string | null
  /** Seconds by which a clock is off, or a time in Unix seconds. Null if the text is no number. */
  seconds (name: 'off' | 'until'): number | null
}

/** Reads a query. Only pages of this site may make a page tell something. */
export function queryOf (text: string, headers: Headers): Query {
  const parameters = new URLSearchParams(text)
  const site = ownValue(headers, 'sec-fetch-site')
  const isOwn = site === undefined || site === 'same-origin'

  function told (name: string): string | null {
    const [value, another] = parameters.getAll(name)
    return isOwn && value !== undefined && another === undefined ? value : null
  }

  return {
    returnTo: parameters.get('return'),
    notice: NOTICES.find(notice => notice === told('done')) ?? null,
    problem: told('problem'),

    seconds (name) {
      const text = told(name) ?? ''
      return /^-?[1-9][0-9]{0,11}$/.test(text) ? Number(text) : null
    }
  }
}

/** The longest time that a page tells: a day. */
const LONGEST = 86_400

/** Why a code wasn't taken. */
export function codeProblemIn (query: Query): CodeProblem | null {
  const off = query.seconds('off')
  if (query.problem === 'clock' && off !== null && Math.abs(off) <= LONGEST) return { is: 'clock', off }
  return recoveryProblemIn(query)
}

/** Why a recovery code wasn't taken. */
export function recoveryProblemIn ({ problem }: Query): RecoverPage['problem'] {
  return problem === 'denied' || problem === 'malformed' ? { is: problem } : null
}

/** Why an enrollment has to begin again, or can't begin. */
export function startProblemIn ({ problem, seconds }: Query, now: number): StartProblem | null {
  if (problem === 'wrongCodes' || problem === 'ended' || problem === 'limit') return { is: problem }
  const wait = (seconds('until') ?? now) - now
  return problem === 'wait' && wait > 0 && wait <= LONGEST ? { is: 'wait', seconds: wait } : null
}
