import fc from 'fast-check'
import t from 'tap'
import { browserName } from '../../src/entity/browser-name.js'

const MOZILLA = 'Mozilla/5.0'
const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0'
const IPHONE = '(iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'

/** What browsers send, and how a user would call them. */
const NAMES: ReadonlyArray<readonly [userAgent: string, name: string]> = [
  [`${MOZILLA} (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0`, 'Firefox on Windows'],
  [`${MOZILLA} (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0`, 'Firefox on Linux'],
  [`${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) ${CHROME} Safari/537.36`, 'Chrome on macOS'],
  [`${MOZILLA} (X11; CrOS x86_64 14541.0.0) ${CHROME} Safari/537.36`, 'Chrome on ChromeOS'],
  [`${MOZILLA} (Linux; Android 10; K) ${CHROME} Mobile Safari/537.36`, 'Chrome on Android'],
  [`${MOZILLA} (Linux; Android 10; K) AppleWebKit/537.36 SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
    'Samsung Internet on Android'],
  [`${MOZILLA} (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 Edg/142.0.0.0`, 'Edge on Windows'],
  [`${MOZILLA} (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 OPR/125.0.0.0`, 'Opera on Windows'],
  [`${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19.1 Safari/605.1.15`, 'Safari on macOS'],
  [`${MOZILLA} ${IPHONE} Version/19.1 Mobile/15E148 Safari/604.1`, 'Safari on iOS'],
  [`${MOZILLA} ${IPHONE} CriOS/142.0 Mobile/15E148 Safari/604.1`, 'Chrome on iOS'],
  [`${MOZILLA} ${IPHONE} FxiOS/145.0 Mobile/15E148 Safari/605.1.15`, 'Firefox on iOS'],
  ['curl/8.14.1', 'Browser'],
  ['Firefox/145.0', 'Firefox'],
  ['', 'Browser']
]

t.test('users know their browsers by these names', async t => {
  for (const [userAgent, name] of NAMES) t.equal(browserName(userAgent), name, userAgent)
  t.equal(browserName(undefined), 'Browser')
  t.equal(browserName(['Firefox/145.0']), 'Browser')
})

t.test('no name has a word that isn\'t ours, and the end of a long header isn\'t read', async t => {
  const words = new Set('Browser Firefox Chrome Safari Edge Opera Samsung Internet on Windows Linux macOS iOS Android ChromeOS'.split(' '))
  const real = fc.constantFrom(...NAMES.map(([userAgent]) => userAgent))
  const any = fc.tuple(fc.string({ unit: 'binary', maxLength: 200 }), fc.option(real), fc.string())
  fc.assert(fc.property(any, ([before, middle, after]) =>
    browserName(`${before}${middle ?? ''}${after}`).split(' ').every(word => words.has(word))))
  t.equal(browserName(`${'x '.repeat(256)}Firefox/1`), 'Browser')
})
