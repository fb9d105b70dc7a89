import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { SCRIPT, STYLE } from '../../src/pages/look/assets.js'
import { createRenderer } from '../../src/pages/render.js'
import { ROOT } from '../root.js'

const LOOK = 'src/pages/look'

t.test('the assets are those of the files; `npm run assets` writes them', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'assets-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'scripts'))
  cpSync(join(ROOT, 'scripts/assets.js'), join(folder, 'scripts/assets.mjs'))
  cpSync(join(ROOT, LOOK), join(folder, LOOK), { recursive: true })
  execFileSync(process.execPath, [join(folder, 'scripts/assets.mjs')])
  const written = readFileSync(join(folder, LOOK, 'assets.ts'), 'utf8')
  t.equal(readFileSync(join(ROOT, LOOK, 'assets.ts'), 'utf8'), written)
})

t.test('style and script are small', async t => {
  t.ok(STYLE.body.length <= 8192, `${STYLE.body.length} bytes of CSS`)
  t.ok(gzipSync(SCRIPT.body).length <= 3072, `${gzipSync(SCRIPT.body).length} bytes of JavaScript, compressed`)
})

t.test('the files have their content in their names', async t => {
  const assetsOf = (accent: string) => createRenderer({ brand: { name: 'Acme', accent }, at: '/totp', home: '/' }).assets
  const [style, script] = assetsOf('#aa0000')
  const [otherStyle, sameScript] = assetsOf('#00aa00')
  t.match(style, { path: /^pages-[0-9a-f]{12}-[0-9a-f]{18}\.css$/, type: 'text/css; charset=utf-8' })
  t.match(script, { path: /^pages-[0-9a-f]{12}\.js$/, type: 'text/javascript; charset=utf-8' })
  t.not(style?.path, otherStyle?.path)
  t.not(style?.body, otherStyle?.body)
  t.strictSame(script, sameScript)
})

t.test('the style loads nothing', async t => {
  t.notMatch(STYLE.body, /url\(|@import|@font-face/)
})
