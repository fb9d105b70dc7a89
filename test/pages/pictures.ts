/** Writes the pictures of `docs/pages.md` to `docs/pictures/`: `node build/test/pages/pictures.js`. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../root.js'
import { openGallery, startBrowser } from './gallery.js'

/** The states of the pictures, and how wide their windows are. */
const PICTURES = { scan: 800, 'new-codes': 800, challenge: 420, recover: 420, manage: 420, codes: 420, remembered: 420 }

const folder = join(ROOT, 'docs/pictures')
const gallery = await openGallery()
const browser = await startBrowser()
mkdirSync(folder, { recursive: true })
for (const colorScheme of ['light', 'dark'] as const) {
  for (const [state, width] of Object.entries(PICTURES)) {
    const page = await browser.newPage({ viewport: { width, height: 100 }, colorScheme })
    await page.goto(`${gallery.url}/en/${state}`)
    await page.screenshot({ path: join(folder, `${state}-${colorScheme}.png`), fullPage: true })
    await page.close()
  }
}
await browser.close()
await gallery.close()
