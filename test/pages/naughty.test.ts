import assert from 'node:assert/strict'
import t, { type Test } from 'tap'
import { isFriendlyName } from '../../src/entity/friendly-name.js'
import { isIdentity } from '../../src/entity/identity.js'
import { site, type SiteOptions } from '../site.js'
import { tagsOf } from './markup.js'
import { NAUGHTY } from './naughty.js'
import { textBrowser, type Shown, type TextBrowser } from './text-browser.js'

const PATHS = ['/', '/enroll', '/challenge', '/recover', '/codes', '/codes/check', '/remembered']

/** Every tag of the pages, with its attributes. */
const KNOWN: Readonly<Record<string, string>> = {
  html: 'lang dir',
  head: '',
  meta: 'charset name content',
  title: '',
  link: 'rel href',
  script: 'type src',
  body: 'class',
  header: '',
  main: '',
  footer: '',
  section: 'class aria-labelledby',
  div: 'class id',
  h1: 'tabindex',
  h2: 'id class',
  h3: 'dir translate class id',
  p: 'class role id data-done',
  span: 'class',
  strong: 'class translate',
  bdi: 'translate',
  code: 'id translate dir',
  time: 'data-left',
  a: 'class href download',
  img: 'class src alt width height',
  ul: 'class id aria-label translate dir',
  ol: 'class',
  li: 'class',
  details: 'class open',
  summary: 'class',
  form: 'method action class',
  fieldset: 'class',
  legend: '',
  label: 'for class',
  button: 'class type data-copy data-done data-print',
  input: 'class id name type value inputmode autocomplete autocapitalize autocorrect spellcheck translate dir ' +
    'required autofocus checked maxlength aria-describedby aria-invalid'
}

t.test('identities and account names', async t => {
  for (const text of NAUGHTY) {
    const { browser, setName } = await opened(t, isIdentity(text) ? text : 'alice')
    for (const path of PATHS) innocent(await browser.open(`/totp${path}`), text)
    setName(text)
    await scanned(browser, text)
  }
  t.pass(`${NAUGHTY.length} texts`)
})

t.test('names of apps', async t => {
  for (const text of NAUGHTY) {
    const { browser, who, now } = await opened(t, 'alice')
    await who.enrollVerified(now())
    for (const action of ['begin', 'rename']) {
      const form = await browser.open(action === 'begin' ? '/totp/enroll' : '/totp/')
      const shown = innocent(await browser.send(form, action, { friendlyName: text }), text)
      assert.equal(shown.status, isFriendlyName(text) ? 200 : 400, text)
    }
    for (const path of PATHS) innocent(await browser.open(`/totp${path}`), text)
  }
  t.pass(`${NAUGHTY.length} texts`)
})

t.test('names of services', async t => {
  for (const text of NAUGHTY) {
    const totp = { issuer: text, pages: { brand: { name: text }, insecure: true } }
    if (!isFriendlyName(text)) {
      await assert.rejects(opened(t, 'alice', totp), { code: 'ERR_TOTP_INVALID_OPTION' }, text)
      continue
    }
    const { browser, who, now } = await opened(t, 'alice', totp)
    await scanned(browser, text)
    await who.enrollVerified(now())
    for (const path of PATHS) innocent(await browser.open(`/totp${path}`), text)
  }
  t.pass(`${NAUGHTY.length} texts`)
})

t.test('queries and languages', async t => {
  const { browser, who, now } = await opened(t, 'alice')
  await who.enrollVerified(now())
  for (const text of NAUGHTY.filter(text => text.isWellFormed())) {
    const value = encodeURIComponent(text)
    const query = ['return', 'done', 'problem', 'off', 'until', text].map(name => `${encodeURIComponent(name)}=${value}`).join('&')
    for (const path of PATHS) {
      for (const url of [`/totp${path}?${query}`, `/totp${path}?problem=clock&off=${value}&until=${value}&return=1.${value}`]) {
        const shown = innocent(await browser.open(url), text)
        assert.equal(shown.status, 200, url)
        assert.doesNotMatch(shown.text, /name="return"/, 'nobody has signed it')
      }
    }
    // Other characters don't get through HTTP.
    if (/^[ -~]*$/.test(text)) innocent(await browser.open('/totp/', { 'accept-language': text }), text)
  }
  t.pass(`${NAUGHTY.length} texts`)
})

t.test('fields of forms', async t => {
  for (const text of NAUGHTY) {
    const { browser, who, now } = await opened(t, 'alice')
    await who.enrollVerified(now())
    await who.enroll()
    const forms = [
      ['/challenge', 'code', ['code', 'factorSid', 'remember', 'return', text]],
      ['/recover', 'code', ['code', 'return']],
      ['/codes', 'create', ['once', 'action']],
      ['/', 'rename', ['sid', 'action', text]],
      ['/', 'remove', ['sid', 'return']],
      ['/enroll', 'begin', ['action', 'return']]
    ] as const
    for (const [path, name, fields] of forms) {
      for (const field of fields) {
        const shown = innocent(await browser.send(await browser.open(`/totp${path}`), name, { [field]: text }), text)
        assert.ok(shown.status < 500, `${shown.status} of ${path} for ${field}=${text}`)
        assert.doesNotMatch(shown.text, /name="return"/, 'nobody has signed it')
      }
    }
  }
  t.pass(`${NAUGHTY.length} texts`)
})

/** Somebody on a site of their own. */
async function opened (t: Test, identity: string, totp: SiteOptions['totp'] = {}) {
  let name: string | undefined
  const { login, now } = await site(t, {
    totp: {
      pages: { brand: { name: 'Acme' }, insecure: true },
      remember: { for: 86_400, insecure: true },
      friendlyName: () => name ?? identity,
      ...totp
    },
    routes: app => { app.get('/', async () => ({ page: 'home' })) }
  })
  const who = await login(identity)
  return { who, now, browser: textBrowser(who), setName: (next: string) => { name = next } }
}

/** Begins an enrollment, and looks at the page with the QR code. */
async function scanned (browser: TextBrowser, text: string): Promise<void> {
  const shown = innocent(await browser.send(await browser.open('/totp/enroll'), 'begin'), text)
  assert.match(shown.text, /<code id="key"/)
  await browser.send(shown, 'cancel')
}

/** Expects a page with nothing on it but what all pages have. */
function innocent (shown: Shown, text: string): Shown {
  if (shown.title === null) return shown
  for (const { name, attributes } of tagsOf(shown.text)) {
    const known = KNOWN[name]?.split(' ')
    assert.ok(known !== undefined, `<${name}> for ${text}`)
    for (const [attribute, value] of attributes) {
      assert.ok(known.includes(attribute), `<${name} ${attribute}> for ${text}`)
      if (['href', 'src', 'action'].includes(attribute)) {
        assert.match(value, /^(?:\/(?![/\\])|otpauth:\/\/totp\/|data:(?:image\/svg\+xml;base64|text\/plain;charset=utf-8),)/, text)
      }
    }
  }
  return shown
}
