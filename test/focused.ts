import type { Locator } from 'playwright-core'

/** The element, once it has the focus. `autofocus` moves the focus some time after the page is loaded. */
export function focused (wanted: Locator): Locator {
  return wanted.and(wanted.page().locator(':focus'))
}
