import type { Form } from './form.js'
import { missing } from './refusal.js'
import { canonicalSid, type SidKind } from './sid.js'

/** Reads one parameter; undefined when it didn't come. Throws a `Refusal` for what can't be its value. */
export type Reader<T> = (form: Form, name: string) => T | undefined

/** What may be shown to people: well-formed, without control characters. */
const TEXT = /^[^\p{Cc}\p{Cs}]*$/u

const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/** Longest JSON text that is kept for the application. */
const LONGEST_STRINGS = 1024
const MOST_FIELDS = 20
const LONGEST_LABEL = 36
const LONGEST_VALUE = 128

/** The value of a parameter that has to come, and not be empty. */
export function required<T> (form: Form, name: string, read: Reader<T>): T {
  const value = form.one(name) === '' ? undefined : read(form, name)
  if (value === undefined) throw missing(name)
  return value
}

/** Text of 1 to `longest` characters. */
export function text (longest: number): Reader<string> {
  return reader(`must have 1 to ${longest} characters, without control characters`, value =>
    isText(value, longest) ? value : undefined)
}

/** An integer in decimal digits. */
export function integer (least: number, most: number): Reader<number> {
  return reader(`must be an integer from ${least} to ${most}`, value => {
    const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : NaN
    return number >= least && number <= most ? number : undefined
  })
}

/** One of a few words. */
export function oneOf<const Words extends readonly string[]> (words: Words): Reader<Words[number]> {
  return reader(`must be one of ${words.filter(Boolean).join(', ')}`, value => words.find(word => word === value))
}

/** True or false. */
export const flag: Reader<boolean> = reader('must be true or false', value =>
  /^(?:true|false)$/i.test(value) ? value.toLowerCase() === 'true' : undefined)

/** An identifier of a kind. */
export function sid (kind: SidKind): Reader<string> {
  return reader(`must be ${kind} and 32 hex digits`, value => canonicalSid(kind, value) ?? undefined)
}

/** An identifier of something that isn't kept here. */
export function foreignSid (kind: string): Reader<string> {
  return reader(`must be ${kind} and 32 hex digits`, value =>
    new RegExp(`^${kind}[0-9a-fA-F]{32}$`).test(value) ? value : undefined)
}

/** A code. One of another length than the factor's is no mistake of form: it is wrong. */
export const code: Reader<string> = reader('must have 3 to 8 digits', value =>
  /^[0-9]{3,8}$/.test(value) ? value : undefined)

/** A moment in ISO 8601, as Unix seconds. */
export const moment: Reader<number> = reader('must be a date and time in ISO 8601', value => {
  const time = ISO_8601.test(value) ? Date.parse(value) : NaN
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000)
})

/** A JSON object of strings, as text. */
export const strings: Reader<Record<string, string>> = reader(
  `must be a JSON object with string values, in up to ${LONGEST_STRINGS} characters`,
  value => {
    const object = value.length <= LONGEST_STRINGS ? jsonObject(value) : null
    return object !== null && isStrings(object) ? object : undefined
  })

/** What a challenge is about: a label and a value. */
export interface Field {
  readonly label: string
  readonly value: string
}

/** The fields of a challenge, a JSON object each. */
export function fields (form: Form, name: string): Field[] {
  const read = form.all(name).map(fieldOf)
  const good = read.filter(field => field !== null)
  if (read.length > MOST_FIELDS || good.length < read.length) {
    throw form.invalid(name, `must be up to ${MOST_FIELDS} JSON objects with a label of up to ${LONGEST_LABEL} and ` +
      `a value of up to ${LONGEST_VALUE} characters`)
  }
  return good
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

function fieldOf (value: string): Field | null {
  const { label, value: content } = { label: null, value: null, ...jsonObject(value) }
  return isText(label, LONGEST_LABEL) && isText(content, LONGEST_VALUE) ? { label, value: content } : null
}

function isText (value: unknown, longest: number): value is string {
  return typeof value === 'string' && value !== '' && [...value].length <= longest && TEXT.test(value)
}

function isStrings (object: object): object is Record<string, string> {
  return Object.entries(object).flat().every(isKeepable)
}

/** A database of JSON can keep neither NUL nor lone surrogates, and JSON text can name both. */
function isKeepable (value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
}

function jsonObject (text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
