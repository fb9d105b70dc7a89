import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { block } from '../docs/pages.js'
import { browserPage } from '../example/browser.js'
import { lacking } from '../example/programs.js'
import { ROOT } from '../root.js'
import { served } from './site/person.js'

/* The client in a real browser, against the real server, with the files as they are built. */

t.test('a page in Chromium asks once, and repeats what was refused', {
  skip: lacking('chromium'), timeout: 120_000
}, async t => {
  const { url, person, wait, now } = await served(t, {
    routes (app) {
      app.get('/', async (_request, reply) => await reply.type('text/html').send('<title>Acme</title>'))
      serveLibrary(app)
    }
  })
  const { page, faults } = await browserPage(t)
  await page.goto(url)
  const factor = await (await person('alice')).enroll()
  wait(30)
  await page.exposeFunction('codeOfApp', (isNext: boolean) => {
    if (isNext) wait(30)
    return factor.code(now())
  })
  const outcome = await page.evaluate(async path => {
    const { createTotpClient, withTotp } = await import(path)
    const headers = { 'content-type': 'application/json' }
    const post = (body: object) => ({ method: 'POST', headers, body: JSON.stringify(body) })
    await fetch('/login', post({ username: 'alice' }))
    const totp = createTotpClient()
    const questions: string[] = []
    const ask = async ({ for: what, error }: { for: string, error: { code: string } | null }) => {
      questions.push(`${what} ${error?.code ?? ''}`)
      // The first answer is a typing error.
      return questions.length === 1 ? '12345' : await Reflect.get(globalThis, 'codeOfApp')(questions.length > 2)
    }
    const api = withTotp(fetch, { totp, ask })
    const answers = await Promise.all([
      api('/vault'), api(new Request('/vault')), api(new URL('/transfer', new Request('/').url), post({ to: 'bob' }))
    ])
    const paid = await api('/payment', post({ amount: 1 }))
    const listed = await totp.factors()
    const foreign = await totp.challenge({ code: 'x' })
    const controller = new AbortController()
    controller.abort()
    const aborted = await api('/vault', { signal: controller.signal }).catch((error: Error) => error.name)
    return {
      statuses: answers.map(({ status }: { status: number }) => status),
      paid: await paid.json(),
      approved: listed.value.approved,
      malformed: foreign.error.code,
      aborted,
      questions
    }
  }, `${url}/lib/client.js`)
  t.match(outcome, {
    statuses: [200, 200, 200],
    paid: { payment: 'sent', body: { amount: 1 } },
    malformed: 'FST_ERR_VALIDATION',
    aborted: 'AbortError',
    questions: ['session ', 'session FST_ERR_VALIDATION', 'request ']
  })
  t.strictSame(faults.filter(fault => !fault.includes('/vault failed')), [])
})

t.test('the dialog of the documentation asks, tells of a wrong code, and can be closed', {
  skip: lacking('chromium'), timeout: 120_000
}, async t => {
  const html = block('docs/single-page-apps.md', '<dialog id="totp"').code
  const script = block('docs/single-page-apps.md', 'document.querySelector').code
  const { url, person, wait, now } = await served(t, {
    routes (app) {
      const map = '{ "imports": { "fastify-verify-totp/client": "/lib/client.js" } }'
      app.get('/', async (_request, reply) => await reply.type('text/html').send(
        `<title>Acme</title>${html}<script type="importmap">${map}</script><script type="module">${script}
        window.api = api</script>`))
      serveLibrary(app)
    }
  })
  const factor = await (await person('alice')).enroll()
  wait(30)
  const { page, faults } = await browserPage(t)
  await page.goto(url)
  const dialog = page.getByRole('dialog', { name: 'Code of your authenticator app' })
  const vaults = async () => await page.evaluate(async () => {
    const api: typeof fetch = Reflect.get(globalThis, 'api')
    const answers = await Promise.all([api('/vault'), api('/vault')])
    return answers.map(({ status }) => status)
  })
  await page.evaluate(async () => await fetch('/login', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"username":"alice"}'
  }))

  const cancelled = vaults()
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  t.same(await cancelled, [403, 403])
  t.equal(await dialog.isVisible(), false)

  const passed = vaults()
  await dialog.waitFor()
  await page.keyboard.type(factor.wrongCode(now()))
  await page.keyboard.press('Enter')
  await dialog.getByRole('alert').filter({ hasText: /\w/ }).waitFor()
  await page.keyboard.type(factor.code(now()))
  await page.keyboard.press('Enter')
  t.same(await passed, [200, 200])
  t.strictSame(faults, [])
})

/** Serves the package's own files, as they are built. */
function serveLibrary (app: FastifyInstance): void {
  app.get<{ Params: { '*': string } }>('/lib/*', async (request, reply) => {
    const code = await readFile(join(ROOT, 'dist', request.params['*']), 'utf8')
    return await reply.type('text/javascript').send(code)
  })
}
