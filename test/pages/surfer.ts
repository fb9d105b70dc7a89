import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import assert from 'node:assert/strict'
import type { Browser, BrowserContextOptions, Locator, Page, Response } from 'playwright-core'
import { watchPage } from '../page-faults.js'
import { en } from '../../src/pages/words/en.js'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Somebody at a browser, who finds things by the words on the page. */
export interface Surfer {
  readonly page: Page
  /** What was wrong so far, also what nobody looked for. */
  readonly faults: readonly string[]
  /** The titles of the pages and their messages, in the order in which they were met first. */
  readonly met: ReadonlySet<string>
  /** Opens a URL of the site. */
  open (path: string): Promise<void>
  /** Does something that leads to another page, and waits for that one. */
  moves (act: () => Promise<unknown>): Promise<void>
  /** Presses a button that sends a form. */
  send (name: string, within?: Locator): Promise<void>
  /** Follows a link. */
  follow (name: string): Promise<void>
  fill (label: string, text: string): Promise<void>
  /** Expects a page of the package, and that all is well with it. */
  at (title: string, says?: Says): Promise<void>
  /** Expects a page of the site, at this path and query. */
  atOwn (path: string, text: string): Promise<void>
}

/** Messages that a page has. Without an alert, it must have none. */
export interface Says {
  readonly alert?: string | RegExp
  readonly status?: string | RegExp
}

export interface SurferOptions {
  readonly url: string
  /** The name that pages show of the user who is logged in. */
  readonly account: string
  /** Has axe look at every page that wasn't met before, at two sizes, in light and in dark. */
  readonly isThorough?: boolean
  readonly context?: BrowserContextOptions
  /** Another tab of this one's browser. */
  readonly beside?: Page
}

/** Opens a browser's window, or another tab. */
export async function surfer (browser: Browser, options: SurferOptions): Promise<Surfer> {
  const { url, account, isThorough = false } = options
  const colorScheme = options.context?.colorScheme ?? 'light'
  const context = options.beside?.context() ??
    await browser.newContext({ viewport: { width: 390, height: 844 }, reducedMotion: 'reduce', ...options.context })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const faults: string[] = []
  const met = new Set<string>()
  let hasAccount = true

  watchPage(page, fault => faults.push(fault))
  page.on('dialog', async dialog => { faults.push(`dialog: ${dialog.message()}`); await dialog.dismiss() })
  page.on('requestfailed', request => {
    if (!request.url().startsWith('data:')) faults.push(`${request.url()} failed: ${request.failure()?.errorText}`)
  })
  page.on('response', response => { faults.push(...faultsOf(response)) })

  async function moves (act: () => Promise<unknown>): Promise<void> {
    const loaded = page.waitForEvent('load')
    await act()
    await loaded
  }

  async function lookAround (): Promise<void> {
    const seen = await page.evaluate<Seen>(LOOK)
    const where = `${seen.title} (${page.url()})`
    const fault = (text: string) => { faults.push(`${text}: ${where}`) }
    if (!/^.+ – .+$/.test(seen.title)) fault('no title')
    if (seen.headings !== 1) fault(`${seen.headings} main headings`)
    if (seen.wide > seen.width) fault(`${seen.wide} of ${seen.width} px`)
    if (seen.hacked) fault('a script was injected')
    if (seen.isDark !== (seen.scheme === 'dark')) fault(`isDark is ${seen.isDark} in the ${seen.scheme} scheme`)
    if (hasAccount && !seen.account.includes(account)) fault(`account ${seen.account}`)
    if (met.has(seen.says)) return
    met.add(seen.says)
    if (isThorough) await askAxe(where)
  }

  async function askAxe (where: string): Promise<void> {
    const viewport = page.viewportSize() ?? { width: 390, height: 844 }
    await page.evaluate(AXE)
    for (const size of [{ width: 390, height: 844 }, { width: 1280, height: 800 }]) {
      await page.setViewportSize(size)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        const found = await page.evaluate<string[]>(VIOLATIONS)
        faults.push(...found.map(fault => `${fault} at ${size.width} in ${colorScheme}: ${where}`))
      }
    }
    await page.setViewportSize(viewport)
    await page.emulateMedia({ colorScheme })
  }

  return {
    page,
    faults,
    met,
    moves,
    open: async path => { await page.goto(url + path) },
    send: async (name, within) =>
      await moves(async () => await (within ?? page).getByRole('button', { name, exact: true }).click()),
    follow: async name => await moves(async () => await page.getByRole('link', { name, exact: true }).click()),
    fill: async (label, text) => await page.getByLabel(label, { exact: true }).fill(text),

    async at (title, says = {}) {
      await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor()
      for (const role of ['alert', 'status'] as const) {
        const text = says[role]
        if (text !== undefined) await page.getByRole(role).filter({ hasText: text }).waitFor()
      }
      if (says.alert === undefined) assert.equal(await page.getByRole('alert').count(), 0, `no alert on ${title}`)
      hasAccount = !STRANGERS.includes(title)
      await lookAround()
      assert.deepEqual(faults, [])
    },

    async atOwn (path, text) {
      assert.equal(page.url(), url + path)
      assert.ok((await page.locator('body').innerText()).includes(text), path)
      assert.deepEqual(faults, [])
    }
  }
}

/** Titles of pages for a browser whose user isn't known. */
const STRANGERS = [en.problem.loggedOut.title, en.problem.crossSite.title]

/** What a page shows of itself. */
interface Seen {
  readonly title: string
  readonly headings: number
  readonly wide: number
  readonly width: number
  readonly hacked: boolean
  /** What the browser asks for. */
  readonly scheme: string
  /** Whether the background is. */
  readonly isDark: boolean
  readonly account: string
  /** Title and messages: another page of the same ones looks the same. */
  readonly says: string
}

const LOOK = `({
  title: document.title,
  headings: document.querySelectorAll('h1').length,
  wide: document.documentElement.scrollWidth,
  width: document.documentElement.clientWidth,
  hacked: window.hacked !== undefined,
  scheme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
  isDark: getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(part => part < 128),
  account: document.querySelector('footer')?.textContent ?? '',
  says: [document.title, ...[...document.querySelectorAll('[role], h2, details')].map(each => each.textContent.slice(0, 60))].join(' | ')
})`

const VIOLATIONS = `axe.run({
  runOnly: { type: 'tag', values: ${JSON.stringify(RULES)} }, resultTypes: ['violations']
}).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`

/** What is wrong with the headers of an answer. */
function faultsOf (response: Response): string[] {
  const headers = response.headers()
  const { pathname } = new URL(response.url())
  if (!/^\/totp(?:\/|$)/.test(pathname)) return []
  const isPage = response.request().isNavigationRequest()
  if (!isPage) {
    return response.status() === 200 && /immutable/.test(headers['cache-control'] ?? '')
      ? []
      : [`${response.status()} ${pathname}`]
  }
  const isLeading = response.status() === 303
  const missing = Object.entries(isLeading ? OF_ANSWERS : { ...OF_ANSWERS, ...OF_PAGES })
    .filter(([name, value]) => !value.test(headers[name] ?? ''))
  return missing.map(([name]) => `${name}: ${headers[name]} of ${pathname}`)
}

const OF_ANSWERS = {
  'cache-control': /^no-store$/, 'referrer-policy': /^same-origin$/, 'x-content-type-options': /^nosniff$/
}
const OF_PAGES = {
  'content-type': /^text\/html; charset=utf-8$/,
  'content-security-policy': /^default-src 'none'; style-src 'self'; script-src 'self'; /,
  'content-language': /^[a-z]{2}$/,
  vary: /Accept-Language/i
}
