import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { ROOT } from '../root.js'

/** Tells which files of the pages are loaded, a line each. */
const HOOKS = `
  import { writeSync } from 'node:fs'
  export async function load (url, context, nextLoad) {
    if (/\\/(?:src|dist)\\/pages/.test(url)) writeSync(1, url.replace(/.*\\/(?:src|dist)\\//, '') + '\\n')
    return await nextLoad(url, context)
  }`

/** The files of the pages that a process has loaded once its servers have answered. */
async function loadedWith (options: string): Promise<string[]> {
  const program = `
    import { randomBytes } from 'node:crypto'
    import { register } from 'node:module'
    register('data:text/javascript,${encodeURIComponent(HOOKS).replaceAll('\'', '%27')}')
    const { default: Fastify } = await import('fastify')
    const { verifyTotp, memoryStore } = await import('fastify-verify-totp')
    const { createTotp } = await import('fastify-verify-totp/connect')
    const session = { read: () => null, write: () => {} }
    const keys = [randomBytes(32)]
    const options = { issuer: 'Acme', keys, store: memoryStore(), identify: () => 'alice', session, ${options} }
    const app = Fastify()
    await app.register(verifyTotp, options)
    await app.inject('/totp/factors')
    createTotp(options).routes()
  `
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit']
  })
  const [lines, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  assert.equal(code, 0)
  return lines.split('\n').filter(line => line !== '')
}

t.test('no file of the pages is loaded without the option', async t => {
  t.strictSame(await loadedWith(''), [])
})

t.test('with it they are', async t => {
  const loaded = await loadedWith('pages: { brand: { name: \'Acme\' } }')
  for (const file of ['pages/site.js', 'pages/render.js']) t.ok(loaded.includes(file), file)
})
