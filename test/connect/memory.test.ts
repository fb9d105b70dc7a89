import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { times } from '../thoroughness.js'

/** Bytes of the heap that one request may leave behind: fewer than the smallest object has. */
const LEAK = 2

/** Bytes by which two measurements of the same heap differ. */
const NOISE = 256 * 1024

t.test('guarded requests leave the heap as it was', { timeout: 600_000 }, t => {
  const requests = times(1_000_000, 100_000)
  const program = fileURLToPath(import.meta.resolve('./guarded-requests.js'))
  const grown: Record<string, number> = JSON.parse(
    execFileSync(process.execPath, ['--expose-gc', program, String(requests)], { encoding: 'utf8' }))
  t.strictSame(Object.keys(grown), ['passed', 'refused', 'anonymous', 'endpoints'])
  for (const [name, bytes] of Object.entries(grown)) {
    t.ok(bytes < requests * LEAK / 4 + NOISE, `${name}: ${bytes} bytes after ${requests / 4} requests`)
  }
  t.end()
})
