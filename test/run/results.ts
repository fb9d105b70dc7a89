/** How the tests of a run ended. */
export interface Results {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** Why tests were skipped, once for each. */
  readonly reasons: readonly string[]
}

/** Reads what tap wrote: its last line but one has the numbers. */
export function readResults (tap: string): Results {
  const totals = [...tap.matchAll(/^# \{ total: .*\}$/gm)].at(-1)?.[0] ?? ''
  const count = (name: string) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(totals)?.[1] ?? 0)
  const reasons = [...tap.matchAll(/# SKIP (.*)$/gm)].map(([, reason = '']) => reason)
  return { passed: count('pass'), failed: count('fail'), skipped: count('skip'), reasons }
}

/** A line of numbers; before it, if tests were skipped, a line that says why. */
export function summarize (all: readonly Results[]): string[] {
  const total = (kind: 'passed' | 'failed' | 'skipped') => all.reduce((sum, results) => sum + results[kind], 0)
  const numbers = `${total('passed')} passed, ${total('failed')} failed`
  const reasons = new Map<string, number>()
  for (const { reasons: own } of all) {
    for (const reason of own) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  if (reasons.size === 0) return [numbers]
  const skipped = [...reasons].map(([reason, tests]) => `${reason} (${tests})`)
  return [`Skipped: ${skipped.join('; ')}`, `${numbers}, ${total('skipped')} skipped`]
}
