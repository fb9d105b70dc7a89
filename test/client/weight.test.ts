import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import * as door from '../../src/client.js'
import { ROOT } from '../root.js'
import { bundledFiles, minified } from './minified.js'

t.test('the client weighs 3 KB at most, minified and compressed', async t => {
  const files = bundledFiles(join(ROOT, 'dist', 'client.js'))
  t.ok(files.length > 8)
  const code = minified(files, Object.keys(door))
  const weight = gzipSync(code).length
  t.ok(weight <= 3 * 1024, `${weight} bytes`)
  t.comment(`${weight} bytes`)

  const { createTotpClient, withTotp } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
  const totp = createTotpClient({ prefix: 'https://api.example/totp', fetch: async () => Response.json({ factors: [] }) })
  t.same(await totp.factors(), { ok: true, value: { factors: [] } }, 'what was weighed works')
  const refused = Response.json({ code: 'ERR_TOTP_CHALLENGE_REQUIRED' }, { status: 403 })
  const asked: unknown[] = []
  const api = withTotp(async () => refused, { totp, ask: (question: object) => { asked.push(question) } })
  t.equal(await api('https://api.example/vault'), refused)
  t.match(asked, [{ for: 'session', error: null }])
})
