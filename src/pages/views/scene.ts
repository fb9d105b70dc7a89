import type { PagesOptions } from '../../options.js'
import { html, type Html } from '../html.js'
import type { Setting } from '../page.js'
import type { Speech } from '../speech.js'

/** What a view needs besides its page. */
export interface Scene extends Pick<PagesOptions, 'brand'> {
  /** The full path of the pages. */
  readonly at: string
  /** The path to leave to. */
  readonly home: string
  readonly speech: Speech
  readonly setting: Setting
}

/** What a view makes of a page; the frame goes around it. */
export interface View {
  readonly title: string
  readonly body: Html
  /** Whether the page says first of all that something went wrong. */
  readonly hasProblem?: boolean
  /** What the page has done. */
  readonly notice?: string
  /** Whether the page has two columns where there is room. */
  readonly isWide?: boolean
}

/** The address of a page, with the way back in it. */
export function linkTo ({ at, setting }: Scene, path: string): string {
  return at + path + (setting.returnTo === null ? '' : `?return=${encodeURIComponent(setting.returnTo)}`)
}

/** Where the user goes on to: back to the page that a guard refused, or to the user's apps. */
export function linkOnward ({ at, setting }: Scene): string {
  // The path comes after the time and the MAC, which have no slash.
  return setting.returnTo === null ? `${at}/` : setting.returnTo.slice(setting.returnTo.indexOf('/'))
}

/** A form of a page, with the way back in it. */
export function form (
  { at, setting }: Scene, path: string, hidden: Readonly<Record<string, string>>, fields: Html
): Html {
  const values = { ...hidden, ...(setting.returnTo !== null && { return: setting.returnTo }) }
  return html`<form method="post" action="${at}${path}">${Object.entries(values)
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}${fields}</form>`
}

/** Stands for the value in a text until there is markup in its place. */
const GAP = '\u{e000}'

/** A text with markup where its value belongs. */
export function around (write: (value: string) => string, value: Html): Html {
  const parts = write(GAP).split(GAP)
  return html`${parts.map((part, index) => html`${index > 0 && value}${part}`)}`
}
