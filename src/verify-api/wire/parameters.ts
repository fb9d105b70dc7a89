import type { Form } from './form.js'
import { missingParameter } from './refusal.js'
import { canonicalSid, type SidKind } from './sid.js'

/** Reads one parameter; undefined if it wasn't sent. Throws a `Refusal` for an invalid value. */
export type Reader<T> = (form: Form, name: string) => T | undefined

/** Text that can be shown to people: well-formed, without control characters. */
const TEXT = /^[^\p{Cc}\p{Cs}]*$/u

/** Date and time, to the minute or finer, and an offset: Twilio's libraries leave parts of it out. */
const ISO_8601 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?$/

/** Characters of the longest JSON text that we store for the application. */
const MAX_JSON = 1024
const MAX_FIELDS = 20
const MAX_LABEL = 36
const MAX_VALUE = 128

/** Reads a parameter that must be sent and must not be empty. */
export function required<T> (form: Form, name: string, read: Reader<T>): T {
  const value = form.one(name) === '' ? undefined : read(form, name)
  if (value === undefined) throw missingParameter(name)
  return value
}

/** Text of 1 to `maxLength` characters. */
export function text (maxLength: number): Reader<string> {
  return reader(`must have 1 to ${maxLength} characters, without control characters`, value =>
    isText(value, maxLength) ? value : undefined)
}

/** An integer in decimal digits. */
export function integer (min: number, max: number): Reader<number> {
  return reader(`must be an integer from ${min} to ${max}`, value => {
    const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : NaN
    return number >= min && number <= max ? number : undefined
  })
}

/** One of these words. */
export function oneOf<const Words extends readonly string[]> (words: Words): Reader<Words[number]> {
  return reader(`must be one of ${words.filter(Boolean).join(', ')}`, value => words.find(word => word === value))
}

/** True or false. */
export const flag: Reader<boolean> = reader('must be true or false', value =>
  /^(?:true|false)$/i.test(value) ? value.toLowerCase() === 'true' : undefined)

/** An identifier of one of our own resources. */
export function sid (kind: SidKind): Reader<string> {
  return reader(`must be ${kind} and 32 hex digits`, value => canonicalSid(kind, value) ?? undefined)
}

/** An identifier of a resource that only Twilio has. */
export function foreignSid (kind: string): Reader<string> {
  return reader(`must be ${kind} and 32 hex digits`, value =>
    new RegExp(`^${kind}[0-9a-fA-F]{32}$`).test(value) ? value : undefined)
}

/**
 * A code of any length that a factor may have. One whose length isn't the factor's is wrong, not malformed.
 */
export const code: Reader<string> = reader('must have 3 to 8 digits', value =>
  /^[0-9]{3,8}$/.test(value) ? value : undefined)

/** A date and time in ISO 8601, as Unix seconds. Without an offset it is UTC. */
export const dateTime: Reader<number> = reader('must be a date and time in ISO 8601', value => {
  const [, local, offset = 'Z'] = ISO_8601.exec(value) ?? []
  const time = local === undefined ? NaN : Date.parse(local + offset)
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000)
})

/** JSON text of an object whose values are strings. */
export const stringMap: Reader<Record<string, string>> = reader(
  `must be a JSON object with string values, in up to ${MAX_JSON} characters`,
  value => {
    const object = value.length <= MAX_JSON ? parseObject(value) : null
    return object !== null && isStringMap(object) ? object : undefined
  })

/** A detail of a challenge, as the user is shown it. */
export interface Field {
  readonly label: string
  readonly value: string
}

/** Reads the fields of a challenge: one JSON object for each. */
export function fields (form: Form, name: string): Field[] {
  const parsed = form.all(name).map(parseField)
  const valid = parsed.filter(field => field !== null)
  if (parsed.length > MAX_FIELDS || valid.length < parsed.length) {
    throw form.invalid(name, `must be up to ${MAX_FIELDS} JSON objects with a label of up to ${MAX_LABEL} and ` +
      `a value of up to ${MAX_VALUE} characters`)
  }
  return valid
}

function reader<T> (expected: string, parse: (value: string) => T | undefined): Reader<T> {
  return (form, name) => {
    const value = form.one(name)
    if (value === undefined) return undefined
    const parsed = parse(value)
    if (parsed === undefined) throw form.invalid(name, expected)
    return parsed
  }
}

function parseField (value: string): Field | null {
  const { label, value: content } = { label: null, value: null, ...parseObject(value) }
  return isText(label, MAX_LABEL) && isText(content, MAX_VALUE) ? { label, value: content } : null
}

function isText (value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value !== '' && [...value].length <= maxLength && TEXT.test(value)
}

function isStringMap (object: object): object is Record<string, string> {
  return Object.entries(object).flat().every(isStorable)
}

/** JSON text can escape NUL and lone surrogates, but a JSON column can store neither. */
function isStorable (value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
}

function parseObject (text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
