import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import t, { type Test } from 'tap'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import * as languages from '../../src/pages.js'
import { lacking } from '../example/programs.js'
import { watchPage } from '../page-faults.js'
import { openGallery, startBrowser, type Gallery } from './gallery.js'
import { hebrew } from './hebrew.js'
import { inSight } from './in-sight.js'
import { STATES } from './states.js'

const { en } = languages
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = [...Object.keys(languages), 'he']
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

let browser: Browser
let gallery: Gallery

t.test('the pages in Chromium', { skip: lacking('chromium'), timeout: 1_200_000 }, async t => {
  browser = await startBrowser()
  t.teardown(async () => await browser.close())
  gallery = await openGallery({ languages: { ...languages, he: hebrew } })
  t.teardown(async () => await gallery.close())

  for (const tag of TAGS) {
    await t.test(`every state fits, can be touched, and has no fault that axe finds: ${tag}`, async t => {
      const page = await openPage(t)
      // The policy of the pages doesn't hold for this one.
      await page.addInitScript({ content: AXE })
      for (const name of Object.keys(STATES)) {
        await page.goto(`${gallery.url}/${tag}/${name}`)
        await page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true')
        for (const width of [320, 390, 1280]) {
          await page.setViewportSize({ width, height: 700 })
          t.strictSame(await page.evaluate(OVERFLOWING), [], `${name} at ${width}`)
        }
        t.strictSame(await page.evaluate(SMALL_TARGETS), [], name)
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme })
          t.strictSame(await page.evaluate(FAULTS), [], `${name}, ${colorScheme}`)
        }
        await page.setViewportSize({ width: 640, height: 700 })
        await page.evaluate('document.documentElement.style.fontSize = "200%"')
        t.strictSame(await page.evaluate(OVERFLOWING), [], `${name} with text of 200 %`)
      }
    })
  }

  await t.test('axe would find a fault', async t => {
    const page = await openPage(t)
    await page.addInitScript({ content: AXE })
    await page.goto(`${gallery.url}/en/challenge`)
    await page.evaluate("document.querySelector('label').remove()")
    t.match(await page.evaluate(FAULTS), [/^label-title-only: /, /^label: /])
  })

  await t.test('beside a keyboard, error and field are in sight', async t => {
    const page = await openPage(t, { viewport: { width: 390, height: 500 } })
    for (const tag of TAGS) {
      for (const name of Object.keys(STATES).filter(name => /-(denied|malformed|clock|name)$/.test(name) && !/^problem/.test(name))) {
        await page.goto(`${gallery.url}/${tag}/${name}`)
        await inSight(t, page, `${tag} ${name}`)
      }
    }
  })

  await t.test('what needs a script is hidden without one, and nothing is blocked', async t => {
    const page = await openPage(t, { javaScriptEnabled: false })
    await page.goto(`${gallery.url}/en/new-codes`)
    t.notOk(await page.getByText(en.newCodes.copy, { exact: true }).isVisible())
    t.notOk(await page.getByText(en.newCodes.print, { exact: true }).isVisible())
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText(en.newCodes.download).click()])
    t.equal(download.suggestedFilename(), 'recovery-codes.txt')
    t.match(readFileSync(await download.path(), 'utf8'), /^Acme\r\nAccount: ada@example.org\r\n\r\nMFRG-/)
    await page.goto(`${gallery.url}/en/challenge-locked`)
    t.ok(await page.getByRole('button', { name: en.challenge.submit }).isEnabled())
    t.ok(await page.getByText('Wait 30 seconds').isVisible())
  })

  await t.test('codes and keys are copied', async t => {
    const page = await openPage(t, { permissions: ['clipboard-read', 'clipboard-write'] })
    await page.goto(`${gallery.url}/en/new-codes`)
    await page.getByRole('button', { name: en.newCodes.copy }).click()
    await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor()
    const copied = await page.evaluate<string>('navigator.clipboard.readText()')
    t.match(copied, /^MFRG-[\w-]+A5XA\nMFRG-[\w-]+B5XA\n/)
    t.equal(copied.split('\n').length, 10)
    await page.goto(`${gallery.url}/en/scan`)
    await page.getByText(en.scan.cannotScan).click()
    await page.getByRole('button', { name: en.scan.copyKey }).click()
    await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor()
    t.equal(await page.evaluate('navigator.clipboard.readText()'), 'JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP')
  })

  await t.test('without a clipboard the text is selected', async t => {
    const page = await openPage(t)
    await page.addInitScript('Object.defineProperty(navigator, "clipboard", { value: undefined })')
    await page.goto(`${gallery.url}/en/scan`)
    await page.getByText(en.scan.cannotScan).click()
    await page.getByRole('button', { name: en.scan.copyKey }).click()
    t.equal(await page.evaluate('String(getSelection())'), 'JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP')
  })

  await t.test('a lock counts down, and frees the form in the end', async t => {
    const page = await openPage(t)
    // Only the test moves this page's clock.
    await page.clock.install({ time: 0 })
    await page.clock.pauseAt(3_600_000)
    await page.goto(`${gallery.url}/en/challenge-locked`)
    t.ok(await page.getByRole('button', { name: en.challenge.submit }).isDisabled())
    await page.clock.runFor(12_000)
    t.ok(await page.getByText('Wait 18 seconds').isVisible())
    await page.clock.runFor(19_000)
    t.ok(await page.getByRole('status').filter({ hasText: en.challenge.waited }).isVisible())
    t.ok(await page.getByRole('button', { name: en.challenge.submit }).isEnabled())
    t.equal(await page.evaluate('document.activeElement.id'), 'code')
    await page.goto(`${gallery.url}/de/start-wait`)
    await page.clock.runFor(61_000)
    t.ok(await page.getByText('Warten Sie 8 Minuten').isVisible())
  })

  await t.test('a form is sent once, and again when the page is back', async t => {
    const page = await openPage(t)
    let posts = 0
    await page.route('**/totp/recover', async route => {
      posts++
      await new Promise(resolve => setTimeout(resolve, 200))
      await route.fulfill({ body: '<p id="sent">sent</p>', contentType: 'text/html' })
    })
    await page.goto(`${gallery.url}/en/recover`)
    const submit = async () => {
      await page.getByLabel(en.recoveryCode.label).fill('MFRG')
      await page.getByRole('button', { name: en.recover.submit }).dblclick({ noWaitAfter: true })
      await page.locator('#sent').waitFor()
    }
    await submit()
    t.equal(posts, 1)
    await page.goBack()
    await submit()
    t.equal(posts, 2)
  })

  await t.test('a form whose user has stopped the browser can be sent again', async t => {
    const page = await openPage(t)
    const stopping = await page.context().newCDPSession(page)
    await page.clock.install({ time: 0 })
    await page.clock.pauseAt(3_600_000)
    let posts = 0
    // No answer comes.
    await page.route('**/totp/recover', () => { posts++ })
    await page.goto(`${gallery.url}/en/recover`)
    await page.getByLabel(en.recoveryCode.label).fill('MFRG')
    const press = async () =>
      await page.getByRole('button', { name: en.recover.submit }).click({ noWaitAfter: true })
    const pressAndStop = async () => {
      const begun = page.waitForRequest('**/totp/recover')
      await press()
      await begun
      await stopping.send('Page.stopLoading')
    }
    await pressAndStop()
    await page.clock.runFor(9_000)
    await press()
    await page.clock.runFor(1_000)
    await pressAndStop()
    t.equal(posts, 2)
  })

  await t.test('on paper there are the codes, and whose they are', async t => {
    const page = await openPage(t)
    await page.addInitScript('globalThis.print = () => { globalThis.printed = true }')
    await page.goto(`${gallery.url}/en/new-codes-first`)
    await page.getByRole('button', { name: en.newCodes.print }).click()
    t.equal(await page.evaluate('printed'), true)
    await page.emulateMedia({ media: 'print' })
    t.ok(await page.getByText('A5XA').isVisible())
    t.ok(await page.getByText('ada@example.org').isVisible())
    t.notOk(await page.locator('#code').isVisible())
    t.notOk(await page.getByRole('button', { name: en.newCodes.print }).isVisible())
  })

  await t.test('a page from right to left begins on the right', async t => {
    const page = await openPage(t, { viewport: { width: 390, height: 844 } })
    await page.goto(`${gallery.url}/he/challenge`)
    const { x = 0, width = 0 } = await page.locator('#code').boundingBox() ?? {}
    t.ok(x > 390 - x - width, 'the field is nearer to the right edge')
  })
})

/** What axe finds. */
const FAULTS = `axe.run({ runOnly: { type: 'tag', values: ${JSON.stringify(RULES)} }, resultTypes: ['violations'] }).then(({ violations }) =>
  violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary).join(' | ')))`

/** Everything that reaches over the right or the left edge of the page. */
const OVERFLOWING = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement
  const isOver = element => {
    const { left, right, width } = element.getBoundingClientRect()
    return width > 1 && (left < 0 || right > clientWidth)
  }
  return scrollWidth > clientWidth ? [scrollWidth + ' px'] : [...document.body.querySelectorAll('*')].filter(isOver).map(each => each.outerHTML.slice(0, 80))
})()`

/** What is pressed and is lower than 44 pixels. */
const SMALL_TARGETS = `[...document.querySelectorAll('button, .button, summary, input:not([type=hidden], [type=radio], [type=checkbox]), label:has(input), .check label, .more a')]
  .filter(each => { const { height } = each.getBoundingClientRect(); return height > 0 && height < 43.9 })
  .map(each => each.outerHTML.slice(0, 80))`

/** A page whose faults fail the test, such as what the content security policy blocks. */
async function openPage (t: Test, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  t.teardown(async () => await context.close())
  const page = await context.newPage()
  watchPage(page, fault => t.fail(fault))
  page.on('response', response => { if (!response.ok()) t.fail(`${response.status()} ${response.url()}`) })
  return page
}
