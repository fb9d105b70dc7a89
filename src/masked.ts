/**
 * Masks everything secret in a foreign text: credentials, and whatever looks like a key, a secret, a mark or
 * a code. The diagnosis stays: names of hosts, databases and relations, system errors, words.
 */
export function masked (text: string): string {
  const withoutQuotes = withoutQuotedJson(text.replace(/\S+/g, withoutUserinfo))
  const withoutValues = VALUES.reduce((kept, [pattern, instead]) =>
    kept.replace(pattern, instead), withoutQuotes)
  return withoutRuns(withoutValues.replace(SCHEMES, withoutCredentials).replace(GROUPS, withoutGroups))
}

/** Places where a value follows that must not be logged, however it looks. */
const VALUES: ReadonlyArray<readonly [RegExp, string]> = [
  [/otpauth:\S+/gi, 'otpauth:…'],
  // Redis quotes the arguments of a command that it doesn't know; query builders quote those of a query.
  [/(with args beginning with:).*/gs, '$1 …'],
  [/\b(param(?:eter)?s:)\s.*/gis, '$1 …'],
  // Placeholders and sentences about the command may stay.
  [/\bAUTH\s+(?!<|called\b|option\b|failed\b)[^\n]*/g, 'AUTH …'],
  [/\b(requirepass|masterauth)(["']?\s+)\S+/gi, '$1$2…'],
  [/\b((?:proxy-)?authorization|(?:set-)?cookie)(["']?\s*[:=])[^\n]*/gi, '$1$2 …'],
  [/(?<!\w)(?=\w*?(?:pass|pwd|secret|token|credential|api_?key))(\w+["']?\s*[=:]\s*)(?!YES\b|NO\b|\w{1,10}:\/\/…@)(?:"[^"]*"|'[^']*'|\S+)/gi,
    '$1…'],
  [/\b(user(?:name)? )(?:"[^"]*"|'[^']*'|`[^`]*`)/gi, '$1"…"']
]

/**
 * No regular expression: on text that an attacker chose, one would search for the end again from every slash.
 */
function withoutUserinfo (word: string): string {
  const [begin, end] = [word.indexOf('//'), word.lastIndexOf('@')]
  return begin < 0 || end < begin ? word : `${word.slice(0, begin)}//…${word.slice(end)}`
}

/** The parser of JSON quotes the text around its error. */
function withoutQuotedJson (text: string): string {
  const end = text.lastIndexOf(' is not valid JSON')
  const begin = text.indexOf('"')
  return begin < 0 || end < begin ? text : `${text.slice(0, begin)}"…"${text.slice(end)}`
}

const SCHEMES = /\b(Basic|Bearer)(\s+)(\S+)/g

/** The word after "Basic" or "Bearer" is an ordinary one only in a sentence. */
function withoutCredentials (found: string, scheme: string, blank: string, word: string): string {
  return /^[a-z]+[,.;:]?$/.test(word) ? found : `${scheme}${blank}…`
}

/** A secret or a recovery code as people read it, in groups of four. */
const GROUPS = /\b(?:[A-Z2-7]{4}[ -]){3,}[A-Z2-7]{4}\b/gi

/** Four or five words of four letters may be part of a sentence. */
function withoutGroups (found: string): string {
  const isProse = found.length < 29 && !/[2-7-]/.test(found) && found !== found.toUpperCase()
  return isProse ? found : '…'
}

/** Identifiers in the places where databases name them, and words, paths, names with dots or hyphens. */
const NAMES =
  /(\b(?:relation|database|schema|table|column|constraint|index|sequence|function|type|role|host) "[\w$.:-]{1,130}"|[\w./+=-]+)/

/** Masks runs as long as a secret or a mark, and runs of digits that could be a code, outside of names. */
function withoutRuns (text: string): string {
  let [done, rest] = ['', '']
  for (const [index, piece] of text.split(NAMES).entries()) {
    const kept = index % 2 === 1 ? keptOf(piece) : null
    if (kept === null) {
      rest += piece
    } else {
      done += maskRuns(rest) + kept
      rest = ''
    }
  }
  return done + maskRuns(rest)
}

function maskRuns (text: string): string {
  return text.replace(/[A-Za-z0-9+/_=-]{20,}/g, '…').replace(/[0-9]{3,}[ -]?[0-9]{3,}/g, '…')
}

/** A name, or a path with everything masked that is none; null for any other text. */
function keptOf (text: string): string | null {
  if (isQuotedName(text) || text.split('=').every(isName)) return text
  const parts = text.split('/')
  if (parts[0] !== '' || !parts.some(isName)) return null
  return parts.map(part => part.length < 4 || isName(part) ? part : '…').join('/')
}

function isQuotedName (text: string): boolean {
  return text.endsWith('"')
}

/** Sids that name a Verify service, or an entity, factor or challenge in it, are no credentials. */
const SID = /^(?:VA|YE|YF|YC)[0-9a-fA-F]{32}$/

/** A mark may happen to look like words in camel case. */
const MARK_LENGTH = 22

/** Its letters may happen to look like words. */
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/**
 * True for text that people chose to be read: of words, short numbers and short mixtures of both, with words
 * for half of it. Random bytes in any encoding are almost never that.
 */
function isName (text: string): boolean {
  if (SID.test(text)) return true
  if (text.includes('+') || UUID.test(text) || (text.length === MARK_LENGTH && !isOfOneCase(text))) return false
  const segments = text.split(/[._/-]/).filter(segment => segment !== '')
  if (!segments.every(segment => isWord(segment) || isShort(segment))) return false
  // Random bytes are rarely of one case.
  if (!text.split(/[./]/).every(part => isOfOneCase(part) || isWord(part))) return false
  const lengthOf = (some: readonly string[]) => some.reduce((sum, { length }) => sum + length, 0)
  return segments.length > 0 && 2 * lengthOf(segments.filter(isWord)) >= lengthOf(segments)
}

function isOfOneCase (text: string): boolean {
  return text === text.toLowerCase() || text === text.toUpperCase()
}

/** Words of one case or with a capital, or several joined in camel case. */
function isWord (text: string): boolean {
  if (/^(?:[A-Z]?[a-z]{1,18}|[A-Z]{1,19})$/.test(text)) return !/[^aeiouyAEIOUY]{5}/.test(text)
  return /^[A-Z]?[a-z]{2,18}(?:[A-Z][a-z]{2,18})+$/.test(text) &&
    text.split(/(?=[A-Z])/).every(hump => /[aeiouy]/i.test(hump))
}

function isShort (text: string): boolean {
  return /^(?:[0-9]{1,8}|[a-z0-9]{1,12}|[A-Z0-9]{1,12})$/.test(text)
}
