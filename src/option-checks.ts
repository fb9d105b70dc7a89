import { InvalidOptionError } from './errors.js'
import { ownValue } from './own-property.js'

/** What an option has to be. */
export interface OptionRule {
  readonly isValid: (value: unknown) => boolean
  /** Ends the sentence that begins with the option's name: "must be …". */
  readonly expected: string
  /** Whether the server doesn't start without it. */
  readonly isRequired?: boolean
  /** The options of a group such as `attempts`. */
  readonly group?: OptionRules
}

/** The options there are, by name. */
export type OptionRules = Readonly<Record<string, OptionRule>>

/** Throws `InvalidOptionError` for the first option that is unknown, wrong, or required and absent. */
export function checkOptions (options: object, rules: OptionRules, path: string = ''): void {
  onlyKnown(path, options, Object.keys(rules))
  for (const [name, { isValid, expected, isRequired = false, group }] of Object.entries(rules)) {
    const value = ownValue(options, name)
    if (value === undefined && !isRequired) continue
    must(path + name, isValid(value), expected)
    if (group !== undefined) checkOptions(Object(value), group, `${path}${name}.`)
  }
}

/** The rule of an option that the server doesn't start without. */
export function required (rule: OptionRule): OptionRule {
  return { ...rule, isRequired: true }
}

/** The rule of an option, and the value it has when it isn't given. */
export function byDefault<Value> (value: Value, rule: OptionRule): OptionRule & { readonly default: Value } {
  return { ...rule, default: value }
}

/** The rule of options that belong together. */
export function group<Rules extends OptionRules> (rules: Rules): OptionRule & { readonly group: Rules } {
  return { isValid: isPlain, expected: 'must be an object', group: rules }
}

/** A whole number of a range. */
export function integer (least: number, most: number): OptionRule {
  return {
    isValid: value => typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most,
    expected: `must be an integer from ${least} to ${most}`
  }
}

/** One of these very values. */
export function oneOf (...values: ReadonlyArray<string | number>): OptionRule {
  const known: readonly unknown[] = values
  return { isValid: value => known.includes(value), expected: `must be one of ${values.join(', ')}` }
}

/** A list of one or more of these very values. */
export function listOf (...values: readonly string[]): OptionRule {
  return {
    isValid: value =>
      Array.isArray(value) && value.length > 0 && value.every(entry => values.includes(entry)),
    expected: `must be a list of one or more of ${values.join(', ')}`
  }
}

/** True or false. */
export const FLAG: OptionRule = { isValid: value => typeof value === 'boolean', expected: 'must be true or false' }

/** Seconds that the users of a server wait at the most. */
export const TIMEOUT: OptionRule = {
  isValid: value => typeof value === 'number' && value >= 1 && value <= 60,
  expected: 'must be 1 to 60 seconds'
}

/** A function; `purpose` says what it does. */
export function functionThat (purpose: string): OptionRule {
  return { isValid: value => typeof value === 'function', expected: `must be a function that ${purpose}` }
}

/** An object with functions of these names. */
export function objectWith (names: readonly string[], expected: string): OptionRule {
  return { isValid: value => hasFunctions(value, names), expected }
}

/** Keys that secrets are sealed with. */
export const KEYS: OptionRule = {
  isValid: areKeys,
  expected: 'must be a list of one or more different random keys of 32 bytes each, as randomBytes(32) makes them'
}

/** True for one or more different keys of 32 bytes each. */
export function areKeys (keys: unknown): boolean {
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isKey)) return false
  return new Set(keys.map(key => Buffer.from(key).toString('hex'))).size === keys.length
}

function isKey (key: unknown): key is Uint8Array {
  return key instanceof Uint8Array && key.length === 32 && key.some(byte => byte !== key[0])
}

/** Throws `InvalidOptionError` unless the option is right. */
export function must (option: string, isValid: boolean, expected: string): void {
  if (!isValid) throw new InvalidOptionError(option, expected)
}

/** Throws `InvalidOptionError` for the first option with another name. */
export function onlyKnown (path: string, options: object, known: readonly string[]): void {
  must(path.slice(0, -1) || 'options', isPlain(options), 'must be an object')
  for (const name of Object.keys(options)) must(path + name, known.includes(name), 'is unknown')
}

function isPlain (value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Object]'
}

/** True for an object that has functions of these names. */
export function hasFunctions<T extends object = object> (
  value: unknown, names: readonly string[]
): value is T {
  return typeof value === 'object' && value !== null && names.every(name => typeof Reflect.get(value, name) === 'function')
}

/** True for an origin in the one spelling that browsers send. */
export function isOrigin (text: unknown): text is string {
  return typeof text === 'string' && /^https?:[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text
}

/** Schemes whose URLs are no origin, or are one for `isOrigin` alone. */
const NO_APP_SCHEME = ['http', 'https', 'ws', 'wss', 'ftp', 'file', 'data', 'blob', 'about', 'javascript']

/** True for the origin of an app or an extension that is a web page inside, such as `capacitor://localhost`. */
export function isAppOrigin (text: unknown): text is string {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\/[a-z0-9.-]+(?::[0-9]{1,5})?$/.exec(String(text)) ?? []
  return typeof text === 'string' && scheme !== undefined && !NO_APP_SCHEME.includes(scheme)
}
