import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface MainOptions {
  /** Rows to measure or to print; all of them unless some are named. */
  readonly names: readonly string[]
  /** Rounds of every row, in place of its own. */
  readonly rounds: number | undefined
  /** The file that keeps the figures. */
  readonly json: string | undefined
  /** Files of earlier figures, to be printed in place of a measurement. */
  readonly from: readonly string[]
}

const USAGE = `npm run bench -- [ROW...] [--rounds N] [--json FILE]
npm run bench -- [ROW...] --from FILE [--from FILE...]

--rounds N    measure N rounds of each row instead of as many as its ratios need
--json FILE   keep the figures
--from FILE   measure nothing: print figures that --json kept as Markdown, a column for each version of Node.js`

/** Reads the command line. A mistake in it ends the process, after an explanation. */
export function optionsOf (args: readonly string[], rows: readonly string[]): MainOptions {
  const { values, positionals } = parse(args)
  if (values.help === true) end(`${USAGE}\n\nRows: ${rows.join(', ')}`, 0)
  const unknown = positionals.filter(name => !rows.includes(name))
  if (unknown.length > 0) end(`There is no row "${unknown.join('", "')}". Rows: ${rows.join(', ')}`)
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1)) end('--rounds must be a whole number from 1')
  return {
    names: positionals.length === 0 ? rows : positionals,
    rounds,
    json: values.json,
    from: values.from ?? []
  }
}

function parse (args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        json: { type: 'string' },
        from: { type: 'string', multiple: true },
        help: { type: 'boolean' }
      }
    })
  } catch (error) {
    return end(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
  }
}

function end (message: string, status: number = 1): never {
  if (status === 0) console.log(message)
  else console.error(message)
  process.exit(status)
}
