/** Set by `npm run test:all`: everything that is tried many times is tried as often as in CI. */
const isThorough = process.env['THOROUGH'] === '1'

/** How often a test tries something: `often` in CI, and `seldom` where somebody waits for the answer. */
export function times (often: number, seldom: number): number {
  return isThorough ? often : seldom
}
