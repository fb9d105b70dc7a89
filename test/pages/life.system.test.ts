import t from 'tap'
import type { Browser } from 'playwright-core'
import { lacking } from '../example/programs.js'
import { startBrowser } from './gallery.js'
import { live } from './life.js'

let browser: Browser

t.test('the life of a second factor in Chromium', { skip: lacking('chromium'), timeout: 300_000 }, async t => {
  browser = await startBrowser()
  t.teardown(async () => await browser.close())

  for (const hasScript of [true, false]) {
    await t.test(`from the first app to the last, ${hasScript ? 'with' : 'without'} a script`, { timeout: 120_000 }, async t => {
      const { alice } = await live(t, browser, { hasScript, isThorough: hasScript })
      t.ok(alice.met.size > 20, `${alice.met.size} different pages`)
    })
  }
})
