import { messageOf, type Call } from './calls.js'
import { BrokenGuarantee } from './expectations.js'
import type { Rule } from './rules.js'

/** Calls to show: the end of a story, not the book. */
const MOST = 8

interface Circumstances {
  readonly rule: Rule
  readonly lookFor: string
  readonly calls: readonly Call[]
}

/** Tells the author of a store the fault, the rule, the usual causes, and the calls that led there. */
export function failureMessage (error: unknown, { rule, lookFor, calls }: Circumstances): string {
  const isTold = ({ key, failed }: Call) => failed || (error instanceof BrokenGuarantee && key === error.key)
  const told = calls.filter(isTold)
  const last = told.slice(-MOST).map(({ text, outcome }) => `\n  ${text} ${outcome}`)
  const heading = told.length > MOST ? `The last ${MOST} of ${told.length} calls` : 'The calls'
  const story = last.length === 0 ? '' : `\n${heading} that led there:${last.join('')}`
  return `${messageOf(error)}\n${rule}\nLook for: ${lookFor}${story}`
}
