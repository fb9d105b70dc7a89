/**
 * Writes pictures of every state of the pages to `.screens/`, to be looked at:
 * `node build/test/pages/screens.js [language] [state…]`.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../root.js'
import { openGallery, startBrowser } from './gallery.js'
import { STATES } from './states.js'

const SIZES = [[390, 844], [390, 500], [1280, 800]] as const

const folder = join(ROOT, '.screens')
const [language = 'en', ...only] = process.argv.slice(2)
const gallery = await openGallery()
const browser = await startBrowser()
mkdirSync(folder, { recursive: true })
for (const colorScheme of ['light', 'dark'] as const) {
  for (const [width, height] of SIZES) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme })
    for (const state of only.length > 0 ? only : Object.keys(STATES)) {
      await page.goto(`${gallery.url}/${language}/${state}`)
      const path = join(folder, `${language}-${state}-${width}x${height}-${colorScheme}.png`)
      // The small one shows what is left beside a keyboard, the others the whole page.
      await page.screenshot({ path, fullPage: height !== 500 })
    }
    await page.close()
  }
}
await browser.close()
await gallery.close()
