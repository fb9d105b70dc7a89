/*
 * HTML that is safe by construction: every value in a template is escaped unless it came out of a template
 * itself. Not a library: those that are typed bring a compiler, a runtime or dependencies of their own, and
 * this is all that the pages need of them. What it can't make safe is left out of the views: values stand in
 * text and in quoted attributes only, never in a script, a style, or the name of a tag or an attribute.
 */

/** What a template takes. Nothing comes of null and false. */
export type HtmlValue = Html | string | number | null | false | readonly HtmlValue[]

/** Markup that a template made. */
export interface Html {
  /** The markup itself. */
  toString (): string
  /** Keeps other objects out: all of them have a `toString`. */
  readonly isHtml: true
}

class Markup implements Html {
  readonly isHtml = true
  readonly #text: string

  constructor (text: string) {
    this.#text = text
  }

  toString (): string {
    return this.#text
  }
}

/** Makes markup of a template, and escapes its values. */
export function html (parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Markup(parts.map((part, index) => part + markupOf(values[index] ?? null)).join(''))
}

function markupOf (value: HtmlValue): string {
  if (value === null || value === false) return ''
  if (value instanceof Markup) return value.toString()
  if (Array.isArray(value)) return value.map(markupOf).join('')
  return String(value)
    .replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;').replaceAll("'", '&#39;')
}
