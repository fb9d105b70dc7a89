import type { Readable } from 'node:stream'
import type { RefusedIdentity } from '../../operations/scan.js'
import type { ExportedIdentity, Importable } from '../../operations/transfer.js'
import { CommandError } from '../failure.js'
import { terminalJson } from './terminal-json.js'

/** The layout of an export. We reject any other instead of guessing what it means. */
const FORMAT = 1
/** Characters of the longest line, far more than the largest entity needs. */
const MAX_LINE_LENGTH = 1024 * 1024

const HEADER = terminalJson({ export: 'fastify-verify-totp', format: FORMAT })

/**
 * Writes the lines of an export: a header, one line for each identity, including those that were refused, and
 * their number. Yields each identity after its line was written.
 */
export async function * writeExport (
  identities: AsyncIterable<ExportedIdentity | RefusedIdentity>, write: (line: string) => void
): AsyncGenerator<ExportedIdentity | RefusedIdentity, void, undefined> {
  let count = 0
  write(HEADER)
  for await (const outcome of identities) {
    const { identity } = outcome
    write(terminalJson(outcome.status === 'exported' ? { identity, entity: outcome.entity } : { identity }))
    count++
    yield outcome
  }
  write(terminalJson({ identities: count }))
}

/**
 * Reads the identities of an export. Throws `CommandError` if the input is not an export, or not a complete
 * one: a complete one ends with the number of its identities.
 */
export async function * readExport (input: Readable): AsyncGenerator<Importable, void, undefined> {
  const lines = splitLines(input)
  if ((await lines.next()).value !== HEADER) {
    throw new CommandError('the input is not an export that this version can read')
  }
  let [count, isComplete] = [0, false]
  for await (const text of lines) {
    if (isComplete) {
      throw new CommandError('unexpected data after the end of the export: import one export at a time')
    }
    const line = parseLine(text)
    isComplete = line?.identities === count
    if (isComplete) continue
    if (typeof line?.identity !== 'string') throw damagedAfter(count)
    count++
    yield importableOf(line)
  }
  if (!isComplete) throw damagedAfter(count)
}

function importableOf ({ identity, entity }: { identity: string, entity?: unknown }): Importable {
  return entity === undefined
    ? { identity, status: 'refused', reason: 'the export could not read it' }
    : { identity, entity }
}

function damagedAfter (count: number): CommandError {
  return new CommandError(`the export is cut short or damaged after identity number ${count}: export again`)
}

/** Splits at newlines only: other characters that some programs treat as line ends are part of the line. */
async function * splitLines (input: Readable): AsyncGenerator<string, void, undefined> {
  let rest = ''
  for await (const piece of input.setEncoding('utf8')) {
    const [first = '', ...others] = String(piece).split('\n')
    rest += first
    for (const other of others) {
      yield rest
      rest = other
    }
    if (rest.length > MAX_LINE_LENGTH) throw new CommandError('the input is not an export: its lines are too long')
  }
  if (rest !== '') yield rest
}

/** Null if the line isn't JSON. The parser's error isn't passed on, because it quotes the line. */
function parseLine (line: string) {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
