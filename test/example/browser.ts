import { chromium, type BrowserContext, type Locator, type Page } from 'playwright-core'
import { watchPage } from '../page-faults.js'
import { programPath } from './programs.js'

/** A page in a browser, with the actions of its user. */
export interface BrowserPage {
  readonly page: Page
  readonly context: BrowserContext
  /** The errors in the browser. */
  readonly faults: readonly string[]
  /** Waits for a page with this heading. */
  heading (text: string): Promise<void>
  /** Waits for a message. */
  says (role: 'alert' | 'status', text: string | RegExp): Promise<void>
  button (name: string | RegExp): Locator
  link (name: string | RegExp): Locator
  /** Types a code into the page's field for codes, and submits it. */
  giveCode (code: string): Promise<void>
  /** Logs in on the example's first page, which it opens if no page is open yet. */
  logIn (username: string): Promise<void>
  /** Logs out on the example's first page. */
  logOut (): Promise<void>
}

/** Opens an empty page in Chromium; `url` is that of the example, to log in there. */
export async function browserPage (
  t: { after (fn: () => Promise<void>): void }, url = 'about:blank'
): Promise<BrowserPage> {
  const browser = await chromium.launch({
    executablePath: programPath('chromium') ?? '',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'
    ]
  })
  t.after(async () => await browser.close())
  const context = await browser.newContext({ locale: 'en', viewport: { width: 1000, height: 900 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  // A busy machine may need long; a test that fails waits no longer than this.
  page.setDefaultTimeout(60_000)

  const faults: string[] = []
  watchPage(page, fault => faults.push(fault))
  const button = (name: string | RegExp) => page.getByRole('button', { name })
  const heading = async (text: string) => {
    await page.getByRole('heading', { level: 1, name: text }).waitFor()
    // The browser may show it before the rest of the page has come.
    await page.waitForLoadState()
  }

  return {
    page,
    context,
    faults,
    button,
    heading,
    says: async (role, text) => await page.getByRole(role).filter({ hasText: text }).waitFor(),
    link: name => page.getByRole('link', { name }),

    async giveCode (code) {
      await page.getByRole('textbox', { name: /code/i }).fill(code)
      await page.keyboard.press('Enter')
    },

    async logIn (username) {
      if (page.url() === 'about:blank') await page.goto(url)
      await heading('Gold Vault')
      await page.getByLabel('Name').fill(username)
      await page.getByLabel('Password').fill('demo')
      await button('Log in').click()
      await heading(`Hello, ${username}`)
    },

    async logOut () {
      await button('Log out').click()
      await heading('Gold Vault')
    }
  }
}
