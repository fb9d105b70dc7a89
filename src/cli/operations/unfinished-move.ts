import { shellWord, terminalJson } from './terminal-json.js'

/** The command that moves `identity` to `to`. */
export function moveCommandLine (identity: string, to: string): string {
  const dashes = [identity, to].some(text => text.startsWith('-')) ? '-- ' : ''
  return `move ${dashes}${shellWord(identity)} ${shellWord(to)}`
}

/**
 * Says of a user whose move wasn't finished how to finish it. An entity that moves to its own identity was
 * moved there already, and doesn't know from where.
 */
export function unfinishedMove (identity: string, movingTo: string): string {
  const again = movingTo === identity
    ? 'the move to this identity again'
    : `${moveCommandLine(identity, movingTo)} again`
  return `${terminalJson(identity)} is refused until you run ${again}`
}
