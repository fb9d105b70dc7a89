/** A table. A last column that no row fills is left out. */
export function linesOf (head: readonly string[], rows: ReadonlyArray<readonly string[]>): string[] {
  const width = Math.max(...rows.map(({ length }) => length))
  const shown = head.slice(0, width)
  return [shown, shown.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`)
}
