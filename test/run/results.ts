/** How a run ended, in a line of numbers; before it, if tests were skipped, a line that says why. */
export function summarize (tap: string): string[] {
  const reasons = new Map<string, number>()
  for (const [, reason = ''] of tap.matchAll(/# SKIP (.*)$/gm)) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  const skipped = [...reasons].map(([reason, tests]) => `${reason} (${tests})`)
  const [, totals = ''] = /^# (\{ total: .*\})$/m.exec(tap) ?? []
  const count = (name: string) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(totals)?.[1] ?? 0)
  return [
    ...skipped.length > 0 ? [`Skipped: ${skipped.join('; ')}`] : [],
    `${count('pass')} passed, ${count('fail')} failed${skipped.length > 0 ? `, ${count('skip')} skipped` : ''}`
  ]
}
