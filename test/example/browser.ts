import { chromium, type BrowserContext, type Locator, type Page } from 'playwright-core'
import { programPath } from './programs.js'

/** A page in a browser, with the actions of its user. */
export interface BrowserPage {
  readonly page: Page
  readonly context: BrowserContext
  /** The errors in the browser. */
  readonly faults: readonly string[]
  /** Waits for a view. */
  title (text: string): Promise<void>
  /** Waits for a message. */
  says (role: 'alert' | 'status', text: string | RegExp): Promise<void>
  button (name: string | RegExp): Locator
  /** The id of the element that has the focus. */
  focused (): Promise<unknown>
  /** Types at the focus and presses Enter. */
  type (text: string): Promise<void>
}

/** Opens an empty page in Chromium. */
export async function browserPage (t: { after (fn: () => Promise<void>): void }): Promise<BrowserPage> {
  const browser = await chromium.launch({
    executablePath: programPath('chromium') ?? '',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'
    ]
  })
  t.after(async () => await browser.close())
  const context = await browser.newContext({ viewport: { width: 1000, height: 900 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  // A busy machine may need long; a test that fails waits no longer than this.
  page.setDefaultTimeout(60_000)

  const faults: string[] = []
  page.on('pageerror', error => faults.push(`${error}`))
  page.on('requestfailed', request => faults.push(`${request.method()} ${request.url()} failed`))
  page.on('console', message => {
    // The browser logs every answer of 400 and more, which the tests provoke.
    if (!/^Failed to load resource: .* status of (400|401|403|404|429|503)/.test(message.text())) faults.push(message.text())
  })

  return {
    page,
    context,
    faults,
    title: async text => await page.getByRole('heading', { level: 2, name: text }).waitFor(),
    says: async (role, text) => await page.getByRole(role).filter({ hasText: text }).waitFor(),
    button: name => page.getByRole('button', { name }),
    focused: async () => await page.evaluate('document.activeElement.id'),

    async type (text) {
      await page.keyboard.type(text)
      await page.keyboard.press('Enter')
    }
  }
}
