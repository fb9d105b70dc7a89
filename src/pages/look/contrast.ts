/** A color as its red, green and blue, 0 to 255. */
export type Color = readonly [number, number, number]

/** Reads a color such as `#0a5cd6`. */
export function colorOf (hex: string): Color {
  const value = parseInt(hex.slice(1), 16)
  return [value >> 16, value >> 8 & 255, value & 255]
}

/** Writes a color. */
export function hexOf (color: Color): string {
  return `#${color.map(part => part.toString(16).padStart(2, '0')).join('')}`
}

/** The contrast ratio of WCAG 2, 1 to 21. */
export function contrast (one: Color, other: Color): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

/** The relative luminance of WCAG 2, 0 to 1. */
function luminance ([red, green, blue]: Color): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

function linear (part: number): number {
  const share = part / 255
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
}

/** The color nearest to `color`, on its way to `end`, that has this contrast with the background. */
export function readable (
  color: Color, { end, on, ratio }: { readonly end: Color, readonly on: Color, readonly ratio: number }
): Color {
  const steps = Array.from({ length: 101 }, (_, step) => mixed(color, end, step / 100))
  return steps.find(each => contrast(each, on) >= ratio) ?? end
}

function mixed (one: Color, other: Color, share: number): Color {
  const part = (from: number, to: number): number => Math.round(from + (to - from) * share)
  return [part(one[0], other[0]), part(one[1], other[1]), part(one[2], other[2])]
}
