import type { Page } from 'playwright-core'

/** Tells what a page's scripts throw, and what the browser says of it, such as what its policy blocks. */
export function watchPage (page: Page, tell: (fault: string) => void): void {
  page.on('pageerror', error => { tell(`${error}`) })
  page.on('console', message => {
    if (!HARMLESS.some(pattern => pattern.test(message.text()))) tell(message.text())
  })
}

const HARMLESS = [
  // Tests provoke refusals, and the browser logs each of them. A test that expects files checks the answers.
  /^Failed to load resource: .* status of (?:4\d\d|503)/,
  // A test may fill in a field before the browser has painted the page. Only then is `autofocus` due.
  /^Autofocus processing was blocked because a document already has a focused element\.$/
]
