import { getOwn, ownValue } from '../own-property.js'
import { en } from './words/en.js'
import type { Plural, Words } from './words/words.js'

/** A language to speak in: its words, and how it writes dates and numbers. */
export interface Speech {
  /** The tag under which the language is registered. */
  readonly tag: string
  readonly direction: 'ltr' | 'rtl'
  readonly words: Words
  /** The day of a time in Unix seconds, in UTC: the server doesn't know where the user is. */
  date (seconds: number): string
  /** A number of seconds in the largest unit that suits it, rounded up. */
  duration (seconds: number): string
  /** One number or another, such as "6 or 8". */
  either (numbers: readonly number[]): string
  /** The text for a count. */
  count (plural: Plural, count: number): string
}

/** Chooses a language for a header `Accept-Language`. */
export type Interpreter = (acceptLanguage: string | undefined) => Speech

/** The part of the header that is read. */
const LONGEST_READ = 512

/** From where on a duration is told in a unit. Below two of it, one of the smaller unit tells more. */
const UNITS = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]] as const

const FURTHER_CATEGORIES = ['zero', 'two', 'few', 'many'] as const

/** Chooses among these tables of words; the first one is the default. */
export function interpreterOf (languages: Readonly<Record<string, Words>>): Interpreter {
  const speeches = Object.entries(languages).map(([tag, words]) => speechOf(tag, words))
  const [first = speechOf('en', en)] = speeches

  return acceptLanguage => {
    for (const wanted of wantedLanguages(acceptLanguage)) {
      if (wanted === '*') return first
      const found = lookUp(wanted) ?? speeches.find(({ tag }) => primaryOf(tag) === primaryOf(wanted))
      if (found !== undefined) return found
    }
    return first
  }

  /** RFC 4647, section 3.4: the tag, shortened from its end until there is a table of that name. */
  function lookUp (wanted: string): Speech | null {
    const parts = wanted.split('-')
    for (let length = parts.length; length > 0; length--) {
      const shorter = parts.slice(0, length).join('-')
      const found = speeches.find(({ tag }) => tag.toLowerCase() === shorter)
      if (found !== undefined) return found
    }
    return null
  }
}

/** The tags of the header in lower case, the best one first. */
function wantedLanguages (acceptLanguage = ''): string[] {
  return acceptLanguage.slice(0, LONGEST_READ).toLowerCase().split(',')
    .map(range => {
      const [, tag = '', quality = '1'] = /^\s*([a-z0-9-]+|\*)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/.exec(range) ?? []
      return { tag, quality: Number(quality) }
    })
    .filter(({ tag, quality }) => tag !== '' && quality > 0)
    .sort((one, other) => other.quality - one.quality)
    .map(({ tag }) => tag)
}

function primaryOf (tag: string): string {
  return tag.toLowerCase().replace(/-.*/, '')
}

function speechOf (tag: string, table: Words): Speech {
  const locale = localeOf(tag)
  const words = completed(en, table)
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' })
  const number = new Intl.NumberFormat(locale)
  const list = new Intl.ListFormat(locale, { type: 'disjunction' })
  const plurals = new Intl.PluralRules(locale)

  return {
    tag,
    direction: words.direction === 'rtl' ? 'rtl' : 'ltr',
    words,
    date: seconds => day.format(seconds * 1000),
    either: numbers => list.format(numbers.map(each => number.format(each))),
    count: (plural, count) => (getOwn(plural, plurals.select(count)) ?? plural.other)(number.format(count)),

    duration (seconds) {
      const [unit, length] = UNITS.find(([, length]) => seconds >= 2 * length || seconds === length) ?? ['second', 1]
      const format = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' })
      return format.format(Math.ceil(seconds / length))
    }
  }
}

/** A tag that `Intl` doesn't take is no reason to have no pages: dates and numbers are English then. */
function localeOf (tag: string): string {
  try {
    return new Intl.Locale(tag).toString()
  } catch {
    return 'en'
  }
}

/** The texts of `given`, and those of `model` where it has none: tables of JavaScript have no types. */
function completed<T extends object> (model: T, given: unknown): T {
  const texts = { ...model }
  const source = typeof given === 'object' && given !== null ? given : {}
  for (const key of Object.keys(model)) {
    Reflect.set(texts, key, textOr(ownValue(model, key), ownValue(source, key)))
  }
  // Other languages have categories that English lacks.
  for (const category of Object.hasOwn(model, 'other') ? FURTHER_CATEGORIES : []) {
    const text = ownValue(source, category)
    if (text !== undefined) Reflect.set(texts, category, textOr(ownValue(model, 'other'), text))
  }
  return texts
}

function textOr (model: unknown, given: unknown): unknown {
  if (typeof model === 'object' && model !== null) return completed(model, given)
  if (typeof model !== 'function') return isText(given) ? given : model
  return typeof given === 'function'
    ? (...values: unknown[]) => textFrom(given, values) ?? Reflect.apply(model, undefined, values)
    : model
}

/** What a function of the host returns; null if that is no text. */
function textFrom (writes: Function, values: readonly unknown[]): string | null {
  try {
    const text: unknown = Reflect.apply(writes, undefined, values)
    return isText(text) ? text : null
  } catch {
    return null
  }
}

function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
