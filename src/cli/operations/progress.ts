import type { Output } from '../command.js'

/** Shows the progress of a command on a terminal. */
export interface Progress {
  /** Counts one more item. */
  step (): void
  /** Prints a line above the bar, if there is a line. */
  print (output: Output, line: string | null): void
  /** Removes the bar. */
  end (): void
}

/** Columns of the bar. */
const WIDTH = 30
/** Clears the current line. */
const CLEAR = '\r\x1b[K'

/**
 * A progress bar, shown on terminals only, and redrawn for every thousandth of `total`. With null as total it
 * shows a growing number instead.
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

    print (to, line) {
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
