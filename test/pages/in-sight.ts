import type { Page } from 'playwright-core'
import type { Test } from 'tap'

/** Expects that the field which was filled in wrongly is in sight, together with the message above it. */
export async function inSight (t: Test, page: Page, where: string): Promise<void> {
  // A browser scrolls to the field with the focus some time after it has loaded the page.
  const isInSight = async () => await page.evaluate<boolean>(IN_SIGHT)
  for (let looks = 0; looks < 300 && !await isInSight(); looks++) await page.waitForTimeout(100)
  t.ok(await isInSight(), where)
}

const IN_SIGHT = `(() => {
  const field = document.querySelector('[aria-invalid]')
  const message = document.getElementById(field.getAttribute('aria-describedby').split(' ').at(-1))
  return message.getBoundingClientRect().top >= 0 && field.getBoundingClientRect().bottom <= innerHeight
})()`
