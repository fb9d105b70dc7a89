import type { Output } from './run.js'

/** Shows how far something is, where somebody looks on. */
export interface Progress {
  /** One more is done. */
  step (): void
  /** Writes a line above the bar, if there is one. */
  tell (output: Output, line: string | null): void
  /** Ends the bar's line. */
  end (): void
}

/** Columns of the bar. */
const WIDTH = 30
/** Clears what is on the line. */
const CLEAR = '\r\x1b[K'

/** A bar on a terminal; nothing on anything else. It is drawn anew when a thousandth more is done. */
export function progressOn (output: Output, total: number): Progress {
  const draw = output.isTTY === true ? (text: string) => { output.write(text) } : () => {}
  let done = 0
  let drawn = -1

  function show (): void {
    const thousandths = Math.min(1000, Math.floor(done / Math.max(total, done, 1) * 1000))
    if (thousandths === drawn) return
    drawn = thousandths
    draw(`${CLEAR}${barOf(thousandths)}  ${done} of ${Math.max(total, done)}`)
  }

  show()
  return {
    step () {
      done++
      show()
    },

    tell (to, line) {
      if (line === null) return
      draw(CLEAR)
      to.write(`${line}\n`)
      drawn = -1
      show()
    },

    end () {
      draw(CLEAR)
    }
  }
}

function barOf (thousandths: number): string {
  const filled = Math.round(thousandths / 1000 * WIDTH)
  return `[${'#'.repeat(filled).padEnd(WIDTH)}] ${(thousandths / 10).toFixed(1).padStart(5)} %`
}
