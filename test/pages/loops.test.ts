import assert from 'node:assert/strict'
import t, { type Test } from 'tap'
import { en } from '../../src/pages/words/en.js'
import { authenticator, type Authenticator } from '../authenticator.js'
import { site, type Site } from '../site.js'
import type { Visitor } from '../visitor.js'
import { keyIn } from './markup.js'
import { textBrowser, type Shown, type TextBrowser } from './text-browser.js'

const { start, scan, challenge, recover, newCodes, recoveryCode } = en

/** Somebody who can answer whatever a page asks. */
interface Person {
  readonly open: Site
  readonly who: Visitor
  readonly browser: TextBrowser
  app: Authenticator | null
  readonly recoveryCodes: string[]
}

/** What somebody has done before they open a guarded page. */
const STATES: Readonly<Record<string, (open: Site) => Promise<Omit<Person, 'browser' | 'open'>>>> = {
  unenrolled: async ({ login }) => ({ who: await login('alice'), app: null, recoveryCodes: [] }),
  fresh: enrolled,
  async stale (open) {
    const person = await enrolled(open)
    open.wait(400)
    return person
  },
  /** As on an instance whose clock is behind that of the one that approved. */
  async early (open) {
    const person = await enrolled(open)
    open.wait(-2)
    return person
  },
  loggedIn,
  async locked (open) {
    const person = await loggedIn(open)
    await fail(open, person)
    return person
  },
  async disabled (open) {
    const person = await loggedIn(open)
    await fail(open, person)
    open.wait(3600)
    await fail(open, person)
    return person
  },
  async remembered (open) {
    const person = await loggedIn(open)
    const { who, app } = person
    const answer = await who.post('/totp/challenges', { code: app.code(open.now()), remember: true })
    assert.equal(answer.status, 200, answer.text)
    await who.post('/login', { username: 'alice' })
    open.wait(60)
    return person
  },
  async recovered (open) {
    const person = await loggedIn(open)
    assert.equal((await person.who.recover(person.recoveryCodes.shift())).status, 200)
    return person
  },
  async recoveredLongAgo (open) {
    const person = await loggedIn(open)
    await person.who.recover(person.recoveryCodes.shift())
    open.wait(400)
    return person
  }
}

const GUARDS = {
  default: {},
  recent: { maxAge: 1 },
  byRecovery: { methods: ['recovery'] },
  byBrowser: { methods: ['remembered'] },
  byApp: { methods: ['totp'] },
  byPass: { methods: ['pass'] },
  optional: { unenrolled: 'allow' },
  payment: { perRequest: true }
} as const

/** Guards that nothing on a page opens: a code goes with each request, and passes come of operators. */
const NEVER = ['payment', 'byPass']

for (const [state, become] of Object.entries(STATES)) {
  for (const guard of Object.keys(GUARDS)) {
    t.test(`${state} at the guard ${guard}: no circle, and the way back`, async t => {
      const person = await personIn(t, become)
      const url = `/${guard}?page=2`
      let shown = await person.browser.open(url)
      for (let n = 0; n < 4 && shown.title !== null; n++) {
        t.ok(shown.status === 200 || shown.status >= 400, `${shown.status} ${shown.url}`)
        // Of the ways that pages ask for, none is the one that this guard takes.
        if (guard === 'byPass' && n === 3) break
        shown = await obey(person, shown)
      }
      if (NEVER.includes(guard)) t.not(shown.status, 200 * Number(shown.title === null), shown.text)
      else t.match(shown, { status: 200, url, title: null, text: /passed/ })
    })
  }
}

async function personIn (t: Test, become: (typeof STATES)[string]): Promise<Person> {
  const open = await site(t, {
    totp: {
      pages: { brand: { name: 'Acme' }, insecure: true },
      remember: { for: 86_400, insecure: true },
      attempts: { disableAfter: 10 }
    },
    routes: app => {
      for (const [name, requirement] of Object.entries(GUARDS)) {
        app.get(`/${name}`, { preHandler: app.totp.required(requirement) }, async () => ({ passed: name }))
      }
      app.get('/', async () => ({ page: 'home' }))
    }
  })
  const person = await become(open)
  return { ...person, open, browser: textBrowser(person.who) }
}

async function enrolled ({ login, now }: Site) {
  const who = await login('alice')
  const { recoveryCodes, ...app } = await who.enrollVerified(now())
  return { who, app, recoveryCodes: [...recoveryCodes] }
}

async function loggedIn (open: Site) {
  const person = await enrolled(open)
  open.wait(60)
  return { ...person, who: await open.login('alice') }
}

async function fail ({ now }: Site, { who, app }: { readonly who: Visitor, readonly app: Authenticator }) {
  for (let n = 0; n < 5; n++) await who.challenge(app.wrongCode(now()))
}

/** Does what a page asks. */
async function obey (person: Person, shown: Shown): Promise<Shown> {
  const { open, browser, recoveryCodes } = person
  switch (shown.title) {
    case start.titleFirst:
      return await browser.send(shown, 'begin')
    case scan.title: {
      person.app = authenticator(keyIn(shown.text))
      const verified = await browser.send(shown, 'verify', { code: person.app.code(open.now()) })
      recoveryCodes.push(...[...verified.text.matchAll(/<code>([A-Z2-7-]{29})<\/code>/g)].map(([, each = '']) => each))
      return verified
    }
    case newCodes.title:
      return await browser.send(shown, 'code', { code: recoveryCodes[0] ?? '' })
    case recover.title: {
      const recovered = await browser.send(shown, 'code', { code: recoveryCodes.shift() ?? '' })
      assert.ok(!recovered.text.includes(recoveryCode.denied), 'the recovery code is right')
      return recovered
    }
    case challenge.title:
      if (shown.text.includes(challenge.disabled)) return await browser.open(recoverLink(shown))
      open.wait(shown.text.includes(challenge.locked) ? 3600 : 30)
      return await browser.send(shown, 'code', { code: person.app?.code(open.now()) ?? '', remember: 'on' })
    default:
      assert.fail(`nothing is asked on ${shown.title} at ${shown.url}`)
  }
}

function recoverLink ({ text }: Shown): string {
  return /href="(\/totp\/recover[^"]*)"/.exec(text)?.[1] ?? ''
}
