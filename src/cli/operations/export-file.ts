import type { Readable } from 'node:stream'
import type { RefusedIdentity } from '../../operations/scan.js'
import type { ExportedIdentity, Importable } from '../../operations/transfer.js'
import { printable } from './terminal-json.js'
import { StartError } from '../failure.js'

/** The layout of an export; another one is refused rather than guessed at. */
const FORMAT = 1
/** Characters of the longest line; the largest entity is far from it. */
const LONGEST = 1024 * 1024

const HEAD = printable({ export: 'fastify-verify-totp', format: FORMAT })

/**
 * The lines of an export: a head, one for each identity, those that can't be exported too, and their number.
 * Each is written before its identity is given on.
 */
export async function * written (
  found: AsyncIterable<ExportedIdentity | RefusedIdentity>, write: (line: string) => void
): AsyncGenerator<ExportedIdentity | RefusedIdentity, void, undefined> {
  let count = 0
  write(HEAD)
  for await (const outcome of found) {
    const { identity } = outcome
    write(printable(outcome.status === 'exported' ? { identity, entity: outcome.entity } : { identity }))
    count++
    yield outcome
  }
  write(printable({ identities: count }))
}

/**
 * What an export has. Throws `StartError` for what is none, or is cut short: one that is whole ends with the
 * number of its identities.
 */
export async function * read (input: Readable): AsyncGenerator<Importable, void, undefined> {
  const lines = linesOf(input)
  if ((await lines.next()).value !== HEAD) throw new StartError('what came in is no export of this version')
  let [count, isWhole] = [0, false]
  for await (const text of lines) {
    if (isWhole) throw new StartError('something comes behind the export: import one at a time')
    const line = parsed(text)
    isWhole = line?.identities === count
    if (isWhole) continue
    if (typeof line?.identity !== 'string') throw damaged(count)
    count++
    yield importable(line)
  }
  if (!isWhole) throw damaged(count)
}

function importable ({ identity, entity }: { identity: string, entity?: unknown }): Importable {
  return entity === undefined
    ? { identity, status: 'refused', reason: 'the export could not give it' }
    : { identity, entity }
}

function damaged (count: number): StartError {
  return new StartError(`the export ends, or is damaged, behind identity ${count}`)
}

/** What is between newlines, and nothing else that some take for the end of a line. */
async function * linesOf (input: Readable): AsyncGenerator<string, void, undefined> {
  let rest = ''
  for await (const piece of input.setEncoding('utf8')) {
    const [first = '', ...others] = String(piece).split('\n')
    rest += first
    for (const other of others) {
      yield rest
      rest = other
    }
    if (rest.length > LONGEST) throw new StartError('what came in is no export: its lines are too long')
  }
  if (rest !== '') yield rest
}

/** Without what the parser says: that quotes the line. */
function parsed (line: string) {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
