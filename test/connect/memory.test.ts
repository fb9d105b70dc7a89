import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { times } from '../thoroughness.js'

/** Bytes of the heap that one request may leave behind: fewer than the smallest object has. */
const LEAK = 2

/** Bytes by which two measurements of the same heap differ. */
const NOISE = 512 * 1024

t.test('guarded requests leave the heap as it was', { timeout: 600_000 }, t => {
  checkGrowth(t, 'guarded-requests', times(1_000_000, 100_000), ['passed', 'refused', 'anonymous', 'endpoints'])
  t.end()
})

t.test('so do those with a session of express-session', { timeout: 600_000 }, t => {
  checkGrowth(t, 'guarded-sessions', times(100_000, 20_000), ['passed', 'refused', 'saved', 'anonymous'])
  t.end()
})

/** Runs a program that sends as many requests in all, as many of each kind. */
function checkGrowth (t: Test, program: string, requests: number, kinds: readonly string[]): void {
  const file = fileURLToPath(import.meta.resolve(`./${program}.js`))
  const grown: Record<string, number> = JSON.parse(
    execFileSync(process.execPath, ['--expose-gc', file, String(requests)], { encoding: 'utf8' }))
  t.strictSame(Object.keys(grown), kinds)
  for (const [kind, bytes] of Object.entries(grown)) {
    t.ok(bytes < requests * LEAK / kinds.length + NOISE, `${kind}: ${bytes} bytes after ${requests / kinds.length} requests`)
  }
}
