import assert from 'node:assert/strict'
import t, { type Test } from 'tap'
import { isFriendlyName } from '../../src/entity/friendly-name.js'
import { isIdentity } from '../../src/entity/identity.js'
import { site, type SiteOptions } from '../site.js'
import { tagsOf } from './markup.js'
import { BIG_LIST, NAUGHTY } from './naughty.js'
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

for (const [list, texts] of [['our list', NAUGHTY], ['the big list', BIG_LIST]] as const) {
  // Messages have the index alone: a text may break the report that it stands in.
  const numbered = texts.map((text, index) => ({ text, where: `text ${index} of ${list}`, user: `user ${index}` }))

  t.test(`identities and account names: ${list}`, async t => {
    const { become, setName } = await opened(t)
    for (const { text, where, user } of numbered) {
      const identity = isIdentity(text) ? text : user
      setName(identity)
      const { browser } = await become(identity)
      for (const path of PATHS) innocent(await browser.open(`/totp${path}`), where)
      setName(text)
      await scanned(browser, where)
    }
    t.pass(`${texts.length} texts`)
  })

  t.test(`names of apps: ${list}`, async t => {
    const { become, now } = await opened(t)
    for (const { text, where, user } of numbered) {
      const { browser, who } = await become(user)
      await who.enrollVerified(now())
      for (const action of ['begin', 'rename']) {
        const form = await browser.open(action === 'begin' ? '/totp/enroll' : '/totp/')
        const shown = innocent(await browser.send(form, action, { friendlyName: text }), where)
        // A new app may be left without a name.
        const isTaken = isFriendlyName(text) || (action === 'begin' && text === '')
        assert.equal(shown.status, isTaken ? 200 : 400, `${action}: ${where}`)
      }
      for (const path of PATHS) innocent(await browser.open(`/totp${path}`), where)
    }
    t.pass(`${texts.length} texts`)
  })

  t.test(`names of services: ${list}`, async t => {
    for (const { text, where } of numbered) {
      const totp = { issuer: text, pages: { brand: { name: text }, insecure: true } }
      if (!isFriendlyName(text)) {
        await assert.rejects(opened(t, totp), { code: 'ERR_TOTP_INVALID_OPTION' }, where)
        continue
      }
      const { become, now } = await opened(t, totp)
      const { browser, who } = await become('alice')
      await scanned(browser, where)
      await who.enrollVerified(now())
      for (const path of PATHS) innocent(await browser.open(`/totp${path}`), where)
    }
    t.pass(`${texts.length} texts`)
  })

  t.test(`queries and languages: ${list}`, async t => {
    const { become, now } = await opened(t)
    const { browser, who } = await become('alice')
    await who.enrollVerified(now())
    for (const { text, where } of numbered.filter(({ text }) => text.isWellFormed())) {
      const value = encodeURIComponent(text)
      const each = ['return', 'done', 'problem', 'off', 'until', text].map(name => `${encodeURIComponent(name)}=${value}`)
      // A server of Node.js refuses headers of more than 16 KB.
      const queries = each.join('&').length < 8_000 ? [each.join('&')] : each
      queries.push(`problem=clock&off=${value}&until=${value}&return=1.${value}`)
      for (const path of PATHS) {
        for (const [index, query] of queries.entries()) {
          const shown = innocent(await browser.open(`/totp${path}?${query}`), where)
          assert.equal(shown.status, 200, `query ${index} of ${path} with ${where}`)
          assert.doesNotMatch(shown.text, /name="return"/, `nobody has signed ${where}`)
        }
      }
      // Other characters don't get through HTTP.
      if (/^[ -~]*$/.test(text)) innocent(await browser.open('/totp/', { 'accept-language': text }), where)
    }
    t.pass(`${texts.length} texts`)
  })

  t.test(`fields of forms: ${list}`, async t => {
    const { become, now } = await opened(t)
    for (const { text, where, user } of numbered) {
      const { browser, who } = await become(user)
      await who.enrollVerified(now())
      await who.enroll()
      const forms = [
        ['/challenge', 'code', ['code', 'factorSid', 'remember', 'return', text]],
        ['/recover', 'code', ['code', 'return']],
        ['/codes', 'create', ['once', 'action']],
        ['/', 'rename', ['sid', 'action', text]],
        ['/', 'removeLast', ['sid', 'return']],
        ['/enroll', 'begin', ['action', 'return']]
      ] as const
      for (const [path, name, fields] of forms) {
        for (const [index, field] of fields.entries()) {
          const at = `field ${index} of ${path} with ${where}`
          const shown = innocent(await browser.send(await browser.open(`/totp${path}`), name, { [field]: text }), at)
          assert.ok(shown.status < 500, `${shown.status} for ${at}`)
          assert.doesNotMatch(shown.text, /name="return"/, `nobody has signed ${at}`)
        }
      }
    }
    t.pass(`${texts.length} texts`)
  })
}

/** A site of users who come one after another. */
async function opened (t: Test, totp: SiteOptions['totp'] = {}) {
  let name = 'alice'
  const { login, now } = await site(t, {
    totp: {
      pages: { brand: { name: 'Acme' }, insecure: true },
      remember: { for: 86_400, insecure: true },
      friendlyName: () => name,
      ...totp
    },
    routes: app => { app.get('/', async () => ({ page: 'home' })) }
  })
  return {
    now,
    /** Sets the account name of all users. */
    setName: (next: string) => { name = next },
    /** Logs in a user, in a browser of their own. */
    async become (identity: string) {
      const who = await login(identity)
      return { who, browser: textBrowser(who) }
    }
  }
}

/** Begins an enrollment, and looks at the page with the QR code. */
async function scanned (browser: TextBrowser, where: string): Promise<void> {
  const shown = innocent(await browser.send(await browser.open('/totp/enroll'), 'begin'), where)
  assert.match(shown.text, /<code id="key"/)
  await browser.send(shown, 'cancel')
}

/** Expects a page with nothing on it but what all pages have. */
function innocent (shown: Shown, where: string): Shown {
  if (shown.title === null) return shown
  for (const { name, attributes } of tagsOf(shown.text)) {
    const known = KNOWN[name]?.split(' ')
    assert.ok(known !== undefined, `<${name}> for ${where}`)
    for (const [attribute, value] of attributes) {
      assert.ok(known.includes(attribute), `<${name} ${attribute}> for ${where}`)
      if (['href', 'src', 'action'].includes(attribute)) {
        assert.match(value, /^(?:\/(?![/\\])|otpauth:\/\/totp\/|data:(?:image\/svg\+xml;base64|text\/plain;charset=utf-8),)/, where)
      }
    }
  }
  return shown
}
