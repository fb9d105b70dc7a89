import { getOwn } from '../own-property.js'
import type { Headers } from './cross-site.js'

/** The values of the cookies of this name that a browser sent. */
export function cookieValues (headers: Headers, name: string): string[] {
  const header = getOwn(headers, 'cookie')
  const start = `${name}=`
  // Most requests have no such cookie, and it is the guard that asks.
  if (typeof header !== 'string' || !header.includes(start)) return []
  const pairs = header.split(';').map(withoutBlanks)
  return pairs.filter(pair => pair.startsWith(start)).map(pair => pair.slice(start.length))
}

/**
 * Other blanks belong to a name, also where browsers look for `__Host-`. No regular expression: on blanks in
 * the middle, one would search for the end again from each of them.
 */
function withoutBlanks (pair: string): string {
  let [begin, end] = [0, pair.length]
  while (isBlank(pair[begin])) begin++
  while (end > begin && isBlank(pair[end - 1])) end--
  return pair.slice(begin, end)
}

function isBlank (character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}
