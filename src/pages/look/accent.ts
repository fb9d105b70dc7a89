import { colorOf, hexOf, readable, type Color } from './contrast.js'

/** What WCAG 2.2 AA asks of text. */
const RATIO = 4.5

const BLACK: Color = [0, 0, 0]
const WHITE: Color = [255, 255, 255]

/** The backgrounds in `pages.css` on which links have the least contrast: the light page, the dark card. */
const LIGHT = colorOf('#f3f5f8')
const DARK = colorOf('#1c2128')

const DEFAULT = '#0b5bd3'

/** The colors of buttons and links, and a name that tells them apart. */
export interface AccentStyle {
  readonly name: string
  readonly body: string
}

/**
 * The accent of a brand as CSS, made darker or lighter until it can be read on every background. What can be
 * read on white carries white text, so the buttons need no color of their own.
 */
export function accentStyle (accent = DEFAULT): AccentStyle {
  const light = hexOf(readable(colorOf(accent), { end: BLACK, on: LIGHT, ratio: RATIO }))
  const dark = hexOf(readable(colorOf(accent), { end: WHITE, on: DARK, ratio: RATIO }))
  return {
    name: `${light}${dark}`.replaceAll('#', ''),
    body: `:root{--totp-accent:${light};--totp-on-accent:#fff}` +
      `@media (prefers-color-scheme:dark){:root{--totp-accent:${dark};--totp-on-accent:#0d1014}}`
  }
}
