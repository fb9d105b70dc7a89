import type { Environment, Input } from '../command.js'
import { CommandError, UsageError } from '../failure.js'

/**
 * Asks at the terminal whether to go on. Throws `CommandError` unless the answer is "yes", and `UsageError`
 * where no user sees the question or can answer it: a script has to say `--yes`.
 */
export async function confirm ({ stdin, stderr }: Environment, question: string): Promise<void> {
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    throw new UsageError('this can\'t be undone: add --yes, or run it at a terminal')
  }
  stderr.write(`${question}\nThis can't be undone. Type yes to go on: `)
  if ((await readLine(stdin)).trim() !== 'yes') throw new CommandError('nothing was changed')
}

/** Reads what the user types, up to Enter or to the end of the input. */
async function readLine (stdin: Input): Promise<string> {
  let typed = ''
  for await (const piece of stdin.setEncoding('utf8')) {
    typed += String(piece)
    if (typed.includes('\n')) break
  }
  const [line = ''] = typed.split('\n')
  return line
}
