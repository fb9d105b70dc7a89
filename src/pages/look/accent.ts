import { colorOf, contrast, hexOf, readable, type Color } from './contrast.js'

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
 * The accent of a brand as CSS. Buttons have the color itself, with text that can be read on it. Links are
 * made darker or lighter until they can be read on every background.
 */
export function accentStyle (accent = DEFAULT): AccentStyle {
  const color = colorOf(accent)
  // What is too light for white text carries black text: no color is too dark for both.
  const text = contrast(color, WHITE) >= RATIO ? WHITE : BLACK
  const light = hexOf(readable(color, { end: BLACK, on: LIGHT, ratio: RATIO }))
  const dark = hexOf(readable(color, { end: WHITE, on: DARK, ratio: RATIO }))
  return {
    name: [hexOf(color), light, dark].join('').replaceAll('#', ''),
    body: `:root{--totp-accent:${hexOf(color)};--totp-on-accent:${hexOf(text)};--totp-link:${light}}` +
      `@media (prefers-color-scheme:dark){:root{--totp-link:${dark}}}`
  }
}
