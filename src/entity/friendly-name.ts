/** What a friendly name has to be: ends a sentence that begins with "must have". */
export const FRIENDLY_NAME_RULE = '1 to 64 characters, at least one of them visible, ' +
  'without colon, control characters and direction overrides'

/** Characters that leave no trace on a screen. A name of nothing else can't be told from another one. */
const INVISIBLE = '\\p{Z}\\p{Cc}\\p{Cf}\\p{Cs}\\p{Default_Ignorable_Code_Point}\\u2800'

/**
 * The colon separates issuer and account in a key URI. Control characters break lines and logs, overrides of
 * the direction show a name as another one, and lone surrogates have no encoding.
 */
const UNFIT = ':\\p{Cc}\\p{Cs}\\u202a-\\u202e\\u2066-\\u2069'

/**
 * The names that an app can show. A string, because the JSON schemas of the endpoints contain the pattern too
 * (flag `u`).
 */
export const FRIENDLY_NAME_PATTERN = `^(?=[${INVISIBLE}]*[^${INVISIBLE}])[^${UNFIT}]{1,64}$`

/**
 * The names that a document may have: a little more, because Node.js versions differ on which characters are
 * visible, and one that does must not refuse the document of another.
 */
export const STORED_NAME_PATTERN = '^[^:\\p{Cc}\\p{Cs}]{1,64}$'

const pattern = new RegExp(FRIENDLY_NAME_PATTERN, 'u')
const unfit = new RegExp(`[${UNFIT}]`, 'gu')

const MAX_LENGTH = 64
/** Characters that a long account name keeps in a label beside the name that the user typed. */
const ACCOUNT_LENGTH = 32

/** True for a name of a factor, or of an issuer, that an authenticator app can show. */
export function isFriendlyName (name: unknown): name is string {
  return typeof name === 'string' && pattern.test(name)
}

/**
 * A name that the host derived from a user's data, made to fit: shortened, and with `_` for each character
 * that a name can't have. Null when nothing of it is visible.
 */
export function fittingName (text: string): string | null {
  // Every character has at most two units, so the end that is cut off first leaves no half of one.
  const fitting = shortened(text.slice(0, 4 * MAX_LENGTH).replace(unfit, '_'), MAX_LENGTH)
  return isFriendlyName(fitting) ? fitting : null
}

/** The names of a new factor: in lists, and in the app. */
export interface FactorNames {
  readonly friendlyName: string
  /** The account name, and the name that the user typed, if there is one. */
  readonly label: string
}

/**
 * The names of a new factor. Apps overwrite an entry by another one of the same name. So the label keeps the
 * account beside a typed name, because several users may share a phone, and a name that is `used` by another
 * factor of the user gets a number.
 */
export function namesOf (
  typed: string | undefined, account: string | null, used: readonly string[], fallback: string
): FactorNames {
  const name = typed ?? account ?? fallback
  const label = typed === undefined || account === null ? name : labelOf(account, typed)
  let names = { friendlyName: name, label }
  for (let number = 2; used.includes(names.friendlyName); number++) {
    const suffix = ` (${number})`
    names = { friendlyName: withSuffix(name, suffix), label: withSuffix(label, suffix) }
  }
  return names
}

function labelOf (account: string, typed: string): string {
  if (typed.includes(account)) return typed
  const room = Math.max(MAX_LENGTH - lengthOf(typed) - lengthOf(' ()'), ACCOUNT_LENGTH)
  const shown = shortened(account, room)
  return `${shown} (${shortened(typed, MAX_LENGTH - lengthOf(shown) - lengthOf(' ()'))})`
}

function withSuffix (name: string, suffix: string): string {
  return shortened(name, MAX_LENGTH - lengthOf(suffix)) + suffix
}

function shortened (text: string, length: number): string {
  const characters = [...text]
  return characters.length > length ? characters.slice(0, length).join('') : text
}

function lengthOf (text: string): number {
  return [...text].length
}
