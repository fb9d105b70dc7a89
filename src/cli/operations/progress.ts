import type { Output } from '../command.js'

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

/**
 * A bar on a terminal; nothing on anything else. It is drawn anew when a thousandth more is done. Without a
 * total it is a number that grows.
 */
export function progressOn (output: Output, total: number | null): Progress {
  const draw = output.isTTY === true ? (text: string) => { output.write(text) } : () => {}
  let done = 0
  let drawn = ''

  function show (): void {
    const text = total === null ? String(done - done % 100) : barOf(done, Math.max(total, done, 1))
    if (text === drawn) return
    drawn = text
    draw(CLEAR + text)
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
      drawn = ''
      show()
    },

    end () {
      draw(CLEAR)
    }
  }
}

function barOf (done: number, total: number): string {
  const thousandths = Math.floor(done / total * 1000)
  const filled = Math.round(thousandths / 1000 * WIDTH)
  return `[${'#'.repeat(filled).padEnd(WIDTH)}] ${(thousandths / 10).toFixed(1).padStart(5)} % of ${total}`
}
