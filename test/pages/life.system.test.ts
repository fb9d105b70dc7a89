import assert from 'node:assert/strict'
import t, { type Test } from 'tap'
import type { Browser, Locator, Page } from 'playwright-core'
import { isFriendlyName } from '../../src/entity/friendly-name.js'
import { memoryStore, type FastifyTotpOptions } from '../../src/index.js'
import { en } from '../../src/pages/words/en.js'
import { authenticator } from '../authenticator.js'
import { lacking } from '../example/programs.js'
import { faultyStore } from '../faulty-store.js'
import { focused } from '../focused.js'
import { startBrowser } from './gallery.js'
import { inSight } from './in-sight.js'
import { give, keyOf, live, PHONE } from './life.js'
import { NAUGHTY } from './naughty.js'
import { openSite, type OpenSite } from './open-site.js'
import { surfer, type Surfer, type SurferOptions } from './surfer.js'

const { frame, notices, code, recoveryCode, manage, start, scan, challenge, recover } = en
const { codes, newCodes, remembered, problem } = en

/** Where whole lives are lived: on a phone, on one beside its keyboard, and on a desktop. */
const LOOKS = [
  PHONE,
  { ...PHONE, viewport: { width: 390, height: 500 } },
  { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' }
] as const

let browser: Browser

t.test('the life of a second factor in Chromium', { skip: lacking('chromium'), timeout: 1_200_000 }, async t => {
  browser = await startBrowser()
  t.teardown(async () => await browser.close())

  for (const look of LOOKS) {
    const { viewport: { width, height }, colorScheme } = look
    for (const hasScript of [true, false]) {
      const where = `at ${width}×${height} in the ${colorScheme} scheme, ${hasScript ? 'with' : 'without'} a script`
      await t.test(`from the first app to the last ${where}`, { timeout: 600_000 }, async t => {
        const isThorough = hasScript && look === PHONE
        const { alice } = await live(t, browser, { ...look, hasScript, isThorough })
        t.ok(alice.met.size > 20, `${alice.met.size} different pages`)
      })
    }
  }

  await t.test('codes that are turned off: a recovery code turns them on again', async t => {
    const { site, alice, phone, spare } = await enrolled(t, { attempts: { disableAfter: 5 } })
    site.wait(60)
    await alice.open('/enter?user=alice')
    await alice.open('/vault')
    await alice.at(challenge.title)
    for (let n = 0; n < 5; n++) await give(alice, phone.wrongCode(site.now()), challenge.submit)
    await alice.at(challenge.title, { alert: challenge.disabled })
    t.equal(await alice.page.getByLabel(code.label).count(), 0)
    await alice.open('/vault?again')
    await alice.at(challenge.title, { alert: challenge.disabled })
    await alice.follow(challenge.useRecoveryCode)
    await alice.at(recover.title)
    await alice.fill(recoveryCode.label, spare)
    await alice.send(recover.submit)
    await alice.atOwn('/vault?again', 'recovery')
    site.wait(120)
    await alice.open('/recent')
    await alice.at(challenge.title)
    await give(alice, phone.code(site.now()), challenge.submit)
    await alice.atOwn('/recent', 'recent')
  })

  await t.test('a store that is down: the page says so, and works again later', async t => {
    const store = faultyStore(memoryStore())
    const { site, alice, phone } = await enrolled(t, { store })
    const down = async () => { throw new Error('down') }
    for (const method of ['get', 'replace'] as const) {
      site.wait(120)
      await alice.open('/recent?x')
      await alice.at(challenge.title)
      store.break(method, down)
      await give(alice, phone.code(site.now()), challenge.submit)
      await alice.at(problem.unavailable.title)
      store.mend()
      await alice.open('/recent?x')
      site.wait(30)
      await give(alice, phone.code(site.now()), challenge.submit)
      await alice.atOwn('/recent?x', 'recent')
    }
    store.break('get', down)
    for (const path of ['/', '/enroll', '/challenge', '/codes', '/codes/check', '/remembered']) {
      const answer = await alice.page.goto(`${site.url}/totp${path}`)
      t.equal(answer?.status(), 503, path)
      await alice.at(problem.unavailable.title)
    }
  })

  await t.test('a session that is over says so, wherever its user was', async t => {
    const { site, alice } = await opened(t)
    await alice.open('/totp/enroll')
    await alice.at(start.titleFirst)
    await alice.send(start.begin)
    await alice.at(scan.title)
    await alice.page.context().clearCookies()
    await give(alice, '123456', scan.verify)
    await alice.at(problem.loggedOut.title)
    for (const path of ['/', '/enroll', '/challenge', '/recover', '/codes', '/codes/check', '/remembered']) {
      const answer = await alice.page.goto(`${site.url}/totp${path}`)
      t.equal(answer?.status(), 401, path)
      await alice.at(problem.loggedOut.title)
    }
  })

  await t.test('another user in the same browser sees nothing of an enrollment', async t => {
    const { alice } = await opened(t)
    await alice.open('/totp/enroll')
    await alice.send(start.begin)
    await alice.at(scan.title)
    await alice.open('/enter?user=alice of Bob')
    await alice.open('/totp/enroll')
    await alice.at(start.titleFirst)
  })

  await t.test('guards of every kind lead to a page and back', async t => {
    const { site, alice, phone, spare } = await enrolled(t)
    site.wait(120)
    await alice.open('/recent?page=2&q=%C3%A4')
    await alice.at(challenge.title)
    await give(alice, phone.code(site.now()), challenge.submit)
    await alice.atOwn('/recent?page=2&q=%C3%A4', 'recent')

    site.wait(120)
    await alice.open('/form')
    await alice.send('Pay now')
    await alice.at(challenge.title)
    t.equal(new URL(alice.page.url()).search, '', 'a form is not sent again')
    await give(alice, phone.code(site.now()), challenge.submit)
    await alice.atOwn('/', 'home')
    await alice.open('/form')
    await alice.send('Pay now')
    await alice.atOwn('/pay', 'paid')

    await alice.open('/recovered?page=3')
    await alice.at(recover.title)
    await alice.fill(recoveryCode.label, spare)
    await alice.send(recover.submit)
    await alice.atOwn('/recovered?page=3', 'recovered')
  })

  await t.test('who begins often has to wait, and who has many apps has to remove one', async t => {
    const { site, alice, phone } = await enrolled(t, { maxFactors: 2 })
    await alice.open('/totp/enroll')
    for (let n = 0; n < 4; n++) {
      await alice.send(start.begin)
      await alice.at(scan.title)
      await alice.send(scan.cancel)
      await alice.follow(manage.addApp)
      await alice.at(start.titleFurther)
    }
    await alice.send(start.begin)
    await alice.at(start.titleFurther)
    await alice.page.getByText(start.wait('10 minutes')).waitFor()
    t.ok(await alice.page.getByRole('button', { name: start.begin }).isDisabled())

    site.wait(600)
    await alice.open('/totp/enroll')
    await alice.send(start.begin)
    await alice.at(challenge.title)
    await give(alice, phone.code(site.now()), challenge.submit)
    await alice.at(start.titleFurther)
    const second = await surfer(browser, { url: site.url, account: 'alice', beside: alice.page })
    await second.open('/totp/enroll')
    await alice.send(start.begin)
    await give(alice, authenticator(await keyOf(alice)).code(site.now()), scan.verify)
    await alice.at(manage.title)
    t.ok(await alice.page.getByText(manage.noRoom).isVisible())
    await second.send(start.begin)
    await second.at(start.titleFurther, { alert: start.limit })
  })

  await t.test('another site sends no form, shows no page in its own, and makes no page say anything', async t => {
    const { site, alice } = await enrolled(t)
    const { page } = alice
    const evil = async (body: string) => {
      await page.route('http://evil.example/', async route => await route.fulfill({ contentType: 'text/html', body }))
      await page.goto('http://evil.example/')
    }
    await evil(`<form method="post" action="${site.url}/totp/enroll">
      <input name="action" value="begin"><button>Win</button></form>`)
    await alice.send('Win')
    await alice.at(problem.crossSite.title)
    await page.unrouteAll()

    for (const query of ['?done=removed', '/challenge?problem=denied', `/enroll?problem=wait&until=${site.now() + 600}`]) {
      await evil(`<a href="${site.url}/totp${query}">Win</a>`)
      await alice.follow('Win')
      await page.getByRole('heading', { level: 1 }).waitFor()
      for (const role of ['alert', 'status'] as const) t.equal(await page.getByRole(role).count(), 0, query)
      t.equal(await page.getByText('Wait').count(), 0, query)
      await page.unrouteAll()
    }
    t.strictSame(alice.faults, [])

    // Not even a page of the site itself.
    await alice.open('/frame')
    t.match(alice.faults.join(), /frame-ancestors 'none'/)
    t.equal(await page.frameLocator('iframe').getByRole('heading', { name: manage.title }).count(), 0)
  })

  await t.test('a second tab after the first one has finished', async t => {
    const { site, alice } = await opened(t)
    const second = await surfer(browser, { url: site.url, account: 'alice', beside: alice.page })
    await alice.open('/totp/enroll')
    await alice.send(start.begin)
    await second.open('/totp/enroll')
    await second.at(scan.title)
    const phone = authenticator(await keyOf(alice))
    await give(alice, phone.code(site.now()), scan.verify)
    await alice.at(newCodes.title)
    await give(second, phone.code(site.now()), scan.verify)
    await second.at(manage.title)
    site.wait(60)
    await alice.open('/enter?user=alice')
    for (const tab of [alice, second]) await tab.open('/vault')
    site.wait(5)
    for (const tab of [alice, second]) {
      await give(tab, phone.code(site.now()), challenge.submit)
      await tab.atOwn('/vault', 'gold')
    }
    t.equal(site.created(), 1)
  })

  await t.test('names that break pages break none', { timeout: 600_000 }, async t => {
    let account = 'alice'
    const { site, alice } = await opened(t, { friendlyName: () => account, maxFactors: 10 })
    const { page, open, send } = alice
    // Markup, and what is wide or turns around; inject has seen the others.
    for (const text of NAUGHTY.filter(text => /[<>"']|[^ ]{40}|\u202e/.test(text))) {
      account = text
      await open('/totp/enroll')
      // What such an enrollment has shown needn't be shown again, and few may begin at a time.
      site.wait(200)
      await send(start.begin)
      await page.getByRole('heading', { level: 1, name: scan.title }).waitFor()
      assert.deepEqual(await harmOf(page), { hacked: false, over: 0 }, text)
      await page.context().clearCookies({ name: 'totp-enrolling' })
    }

    account = 'alice'
    const names = NAUGHTY.filter(isFriendlyName)
    for (let from = 0; from < names.length; from += 10) {
      const who = await site.login(`user ${from}`)
      for (const name of names.slice(from, from + 10)) {
        site.wait(200)
        await who.enrollVerified(site.now(), name)
      }
      await page.context().addCookies([...who.cookies.keys()].map(name => ({
        name, value: encodeURIComponent(who.cookies.get(name) ?? ''), url: site.url
      })))
      await open('/totp/')
      t.equal(await page.getByRole('listitem').count(), Math.min(10, names.length - from))
      for (const summary of await page.locator('summary').all()) await summary.click()
      assert.deepEqual(await harmOf(page), { hacked: false, over: 0 }, names[from])
    }
    t.strictSame(alice.faults, [])
  })

  await t.test('by keyboard alone', async t => {
    const { site, alice } = await opened(t)
    const { page, at } = alice
    const { enter, type, press, unfold } = keyboardOf(alice)
    await alice.open('/vault')
    await at(start.titleFirst)
    await press('button', start.begin)
    await at(scan.title)
    await unfold(scan.cannotScan)
    const phone = authenticator(await keyOf(alice))
    await tabTo(page, page.getByLabel(code.label))
    await type(code.label, phone.wrongCode(site.now()))
    await enter()
    await at(scan.title, { alert: code.denied })
    await type(code.label, phone.code(site.now()))
    await enter()
    await at(newCodes.title)
    const [first = ''] = await page.getByRole('list', { name: newCodes.list }).getByRole('listitem').allInnerTexts()
    await tabTo(page, page.getByLabel(recoveryCode.label))
    await type(recoveryCode.label, first)
    await enter()
    await alice.atOwn('/vault', 'gold')

    site.wait(60)
    await alice.open('/enter?user=alice')
    await alice.open('/vault')
    await at(challenge.title)
    await type(code.label, phone.wrongCode(site.now()))
    await enter()
    await at(challenge.title, { alert: code.denied })
    await type(code.label, phone.code(site.now()))
    await tabTo(page, page.getByLabel(challenge.remember('30 days')))
    await page.keyboard.press('Space')
    await press('button', challenge.submit)
    await alice.atOwn('/vault', 'gold')
    await alice.open('/enter?user=alice')
    await alice.open('/vault')
    await alice.atOwn('/vault', 'remembered')

    site.wait(60)
    await alice.open('/totp/remembered')
    await at(challenge.title)
    await type(code.label, phone.code(site.now()))
    await enter()
    await at(remembered.title)
    await press('button', remembered.forget)
    await at(remembered.title, { status: notices.forgotten })
    await press('link', frame.manage)
    await at(manage.title)

    await alice.open('/enter?user=alice')
    await alice.open('/vault')
    await at(challenge.title)
    await press('link', challenge.lostPhone)
    await at(recover.title)
    await type(recoveryCode.label, 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA')
    await enter()
    await at(recover.title, { alert: recoveryCode.denied })
    await type(recoveryCode.label, first)
    await enter()
    await alice.atOwn('/vault', 'recovery')

    await alice.open('/totp/')
    await at(manage.title)
    await unfold(`${manage.rename} alice`)
    await tabTo(page, page.getByLabel(manage.name))
    await type(manage.name, 'My: phone')
    await enter()
    await at(manage.title, { alert: manage.refusedName })
    await type(manage.name, 'Phone')
    await enter()
    await at(manage.title, { status: notices.renamed })
    await press('link', manage.newCodes)
    // A recovery code leads to no further ones.
    await at(challenge.title)
    site.wait(30)
    await type(code.label, phone.code(site.now()))
    await enter()
    await at(codes.title)
    await press('button', codes.create)
    await at(newCodes.title)
    const newest = page.getByRole('list', { name: newCodes.list }).getByRole('listitem').first()
    await tabTo(page, page.getByLabel(recoveryCode.label))
    await type(recoveryCode.label, await newest.innerText())
    await enter()
    await at(manage.title, { status: notices.kept })
    await unfold(`${manage.remove} Phone`)
    await press('button', manage.removeApp)
    await at(manage.title, { status: notices.removed })
    t.equal(await page.getByRole('listitem').count(), 0)
  })

  for (const hasScript of [true, false]) {
    const name = `beside a keyboard on a phone, error and field are in sight, ${hasScript ? 'with' : 'without'} a script`
    await t.test(name, async t => {
      const context = { viewport: { width: 390, height: 500 }, javaScriptEnabled: hasScript }
      const { site, alice } = await opened(t, {}, { context })
      await alice.open('/totp/enroll')
      await alice.send(start.begin)
      const phone = authenticator(await keyOf(alice))
      await give(alice, phone.wrongCode(site.now()), scan.verify)
      await inSight(t, alice.page, 'a code')
      await give(alice, phone.code(site.now() + 240), scan.verify)
      await inSight(t, alice.page, 'a code')
      await give(alice, phone.code(site.now()), scan.verify)
      await alice.fill(recoveryCode.label, 'nowhere')
      await alice.send(newCodes.check)
      await inSight(t, alice.page, 'a recovery code')
      site.wait(60)
      await alice.open('/enter?user=alice')
      await alice.open('/vault')
      for (const typed of ['x', phone.wrongCode(site.now())]) {
        await give(alice, typed, challenge.submit)
        await inSight(t, alice.page, 'a code')
      }
      await alice.follow(challenge.lostPhone)
      await alice.fill(recoveryCode.label, 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA')
      await alice.send(recover.submit)
      await inSight(t, alice.page, 'a recovery code')
    })
  }
})

/** Somebody who has logged in. */
async function opened (
  t: Test, totp: Partial<FastifyTotpOptions> = {}, options: Partial<SurferOptions> = {}
): Promise<{ site: OpenSite, alice: Surfer }> {
  const site = await openSite(t, totp, totp.store)
  const alice = await surfer(browser, { url: site.url, account: 'alice', ...options })
  t.teardown(async () => await alice.page.context().close())
  await alice.open('/enter?user=alice')
  return { site, alice }
}

/** Somebody with an app, in a session that its first code approved. */
async function enrolled (t: Test, totp: Partial<FastifyTotpOptions> = {}) {
  const { site, alice } = await opened(t, totp)
  const { page } = alice
  await alice.open('/totp/enroll')
  await alice.send(start.begin)
  const phone = authenticator(await keyOf(alice))
  await give(alice, phone.code(site.now()), scan.verify)
  await alice.at(newCodes.title)
  const [spare = ''] = await page.getByRole('list', { name: newCodes.list }).getByRole('listitem').allInnerTexts()
  return { site, alice, phone, spare }
}

/** Whether a script was injected, and how far the page reaches over its edge. */
async function harmOf (page: Page): Promise<unknown> {
  return await page.evaluate(`(({ scrollWidth, clientWidth }) =>
    ({ hacked: window.hacked !== undefined, over: scrollWidth - clientWidth }))(document.documentElement)`)
}

/** A keyboard, and nothing else. */
function keyboardOf ({ page, moves }: Surfer) {
  const enter = async () => await moves(async () => await page.keyboard.press('Enter'))
  return {
    /** Sends the form, or follows the link, that has the focus. */
    enter,

    /** Types into the field that has the focus, in place of its text. */
    async type (label: string, text: string) {
      await focused(page.getByLabel(label)).waitFor()
      await page.keyboard.press('ControlOrMeta+a')
      await page.keyboard.type(text)
    },

    /** Goes to a button or a link, and presses it. */
    async press (role: 'button' | 'link', name: string) {
      await tabTo(page, page.getByRole(role, { name }))
      await enter()
    },

    /** Goes to a summary, and shows what it hides. */
    async unfold (summary: string) {
      await tabTo(page, page.locator('summary').filter({ hasText: summary }))
      await page.keyboard.press('Enter')
    }
  }
}

/** Presses Tab until something has the focus. */
async function tabTo (page: Page, wanted: Locator): Promise<void> {
  for (let n = 0; n < 20; n++) {
    await page.keyboard.press('Tab')
    if (await focused(wanted).count() === 1) return
  }
  assert.fail(`Tab never leads to ${wanted}`)
}
