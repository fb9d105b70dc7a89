import t from 'tap'
import { settingsOf } from '../../src/options.js'
import { ownOnly } from '../../src/own-property.js'
import { createRenderer } from '../../src/pages/render.js'
import { memoryStore } from '../../src/index.js'
import { KEY } from '../site.js'
import { desk } from './desk.js'
import { STATES } from './states.js'

/** Properties that pages look for, and values that would serve an attacker. */
const POLLUTIONS: ReadonlyArray<[name: string, ...values: unknown[]]> = [
  ['style', '/evil.css'], ['logo', '/evil.png'], ['accent', '#ff0000'], ['languages', { en: {} }], ['home', '/evil'],
  ['at', '/evil'], ['insecure', true], ['returnTo', '/evil', null], ['location', '/evil'],
  ['status', 200, 500], ['page', { kind: 'problem', problem: 'failed' }], ['problem', { is: 'denied' }, 'denied'],
  ['notice', 'evil'], ['done', 'verified'], ['hasProblem', true], ['isWide', true], ['also', 'evil'], ['hint', 'evil'],
  ['code', '123456'], ['action', 'remove', 'cancel'], ['sid', 'YF0'], ['friendlyName', 'evil'], ['remember', 'on'],
  ['browserTokens', ['A'.repeat(43)]], ['recoveryCodes', ['EVIL']], ['clockOff', 90], ['accept-language', 'de'],
  ['sec-fetch-site', 'same-origin'], ['cookie', 'totp-once=evil'], ['vary', 'evil'], ['few', () => 'evil']
]

t.test('a polluted prototype changes no page, and no form', async t => {
  const clean = await walk()
  for (const [name, ...values] of POLLUTIONS) {
    for (const value of values) {
      const polluted = await pollute(name, value, walk)
      t.same(polluted, clean, `${name}: ${JSON.stringify(value)}`)
    }
  }
})

t.test('nor what is drawn of one', async t => {
  const clean = await draw()
  for (const [name, ...values] of POLLUTIONS) {
    for (const value of values) t.same(await pollute(name, value, draw), clean, `${name}: ${JSON.stringify(value)}`)
  }
})

// A server makes it at its start.
const { render } = createRenderer({ brand: brandOf(), at: '/totp', home: '/' })

async function draw (): Promise<string[]> {
  const setting = { account: 'ada', acceptLanguage: 'en', returnTo: null }
  return Object.values(STATES).map(ownOnly)
    .map(({ page, notice = null }) => render(page, { ...setting, notice }))
}

/** What a user gets on the way through the pages, without what is random. */
async function walk (): Promise<string[]> {
  const { login, wait } = desk({ at: '/totp', totp: { remember: { for: 60 } } })
  const alice = login('alice')
  const answers = [await alice.get('/'), await alice.get('/enroll?problem=limit'), await alice.post('/', { action: 'none' })]
  const app = await alice.enroll()
  wait(31)
  for (const path of ['/', '/enroll', '/challenge', '/recover', '/remembered', '/codes', '/codes/check']) answers.push(await alice.get(path))
  answers.push(await alice.challenge(app), await alice.post('/recover', {}), await alice.post('/', { action: 'rename', sid: 'x' }))
  return answers.map(({ status, location, body, cookies }) =>
    [status, status === 303 ? location : '', body, ...cookies].join('\n').replace(/YF[0-9a-f]{32}|[\w-]{20,}/g, '…'))
}

async function pollute<T> (name: string, value: unknown, work: () => Promise<T>): Promise<T> {
  Reflect.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
  try {
    return await work()
  } finally {
    Reflect.deleteProperty(Object.prototype, name)
  }
}

/** The brand as the options keep it. */
function brandOf () {
  const { pages } = settingsOf({
    issuer: 'Acme', keys: [KEY], store: memoryStore(), identify: () => null, pages: { brand: { name: 'Acme' } }
  })
  if (pages === undefined) throw new Error('pages are on')
  return pages.brand
}
