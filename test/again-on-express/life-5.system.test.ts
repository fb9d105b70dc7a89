import t from 'tap'
import { lacking } from '../example/programs.js'
import { startBrowser } from '../pages/gallery.js'
import { live, PHONE } from '../pages/life.js'
import { useExpress } from './express-server.js'

useExpress(5)

t.test('the life of a second factor in Chromium, on Express', { skip: lacking('chromium'), timeout: 300_000 }, async t => {
  const browser = await startBrowser()
  t.teardown(async () => await browser.close())
  const { alice } = await live(t, browser, { ...PHONE, hasScript: true, isThorough: false })
  t.ok(alice.met.size > 20, `${alice.met.size} different pages`)
})
