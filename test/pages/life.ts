import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Browser, ViewportSize } from 'playwright-core'
import { en } from '../../src/pages/words/en.js'
import { authenticator, type Authenticator } from '../authenticator.js'
import { focused } from '../focused.js'
import { openSite, type OpenSite } from './open-site.js'
import { surfer, type Surfer } from './surfer.js'

const { frame, notices, code, recoveryCode, manage, start, scan, challenge, recover } = en
const { codes, newCodes, remembered } = en

/** Recovery codes look like this, and none is this one. */
const NO_RECOVERY_CODE = 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA'

/** What a life is lived with. */
export interface Life {
  readonly site: OpenSite
  readonly alice: Surfer
  readonly hasScript: boolean
}

/** The browser of a life. */
export interface LifeOptions {
  readonly viewport: ViewportSize
  readonly colorScheme: 'light' | 'dark'
  readonly hasScript: boolean
  /** Has axe look at each page. */
  readonly isThorough: boolean
}

/** A phone in the light scheme. */
export const PHONE = { viewport: { width: 390, height: 844 }, colorScheme: 'light' } as const

/** Everything that a user does with the pages, from the first app to the last. */
export async function live (
  t: { after (fn: () => Promise<void>): void }, browser: Browser, options: LifeOptions
): Promise<Life> {
  const { viewport, colorScheme, hasScript, isThorough } = options
  const site = await openSite(t)
  const permissions = ['clipboard-read', 'clipboard-write']
  const context = { viewport, colorScheme, javaScriptEnabled: hasScript, permissions }
  const alice = await surfer(browser, { url: site.url, account: 'alice', isThorough, context })
  const life = { site, alice, hasScript }

  const phone = await enrollPhone(life)
  const [spare = ''] = await keepCodes(life)
  await renameApp(life)
  const tablet = await addApp(life, 'Tablet', { isFussy: true })
  await lockAndRecover(life, phone, spare)
  await replacePhone(life)
  await replaceCodes(life)
  await rememberBrowser(life, tablet)
  await removeAll(life, tablet)
  assert.deepEqual(alice.faults, [])
  await alice.page.context().close()
  return life
}

/** Reads the key that the page shows. */
export async function keyOf ({ page }: Surfer): Promise<string> {
  if (!await page.getByRole('code').isVisible()) await page.getByText(scan.cannotScan).click()
  return (await page.getByRole('code').innerText()).replaceAll(' ', '')
}

/** Types a code of an app. */
export async function give ({ fill, send }: Surfer, typed: string, button: string): Promise<void> {
  await fill(code.label, typed)
  await send(button)
}

async function giveRecoveryCode ({ fill, send }: Surfer, typed: string, button: string): Promise<void> {
  await fill(recoveryCode.label, typed)
  await send(button)
}

/** The first app: wrong codes, too many of them, a wrong clock, and the right code. */
async function enrollPhone ({ site, alice }: Life): Promise<Authenticator> {
  const { page, open, at, send } = alice
  await open('/enter?user=alice')
  await open('/vault?page=2')
  await at(start.titleFirst)
  assert.equal(await page.getByLabel(start.name).count(), 0, 'the first app needs no name')
  await send(start.begin)
  await at(scan.title)
  assert.ok(await page.getByRole('img', { name: scan.qr }).isVisible())
  const lost = await keyOf(alice)
  await page.reload()
  assert.equal(await keyOf(alice), lost, 'a reload keeps the key')
  const tab = await surfer(page.context().browser() ?? assert.fail(), { url: site.url, account: 'alice', beside: page })
  await tab.open('/totp/enroll')
  await tab.at(scan.title)
  assert.equal(await keyOf(tab), lost, 'another tab has the same key')
  await tab.page.close()

  const app = authenticator(lost)
  const says = { alert: code.denied }
  await give(alice, app.wrongCode(site.now()), scan.verify)
  await at(scan.title, says)
  await beside(alice, code.label, code.denied)
  await give(alice, 'no code', scan.verify)
  await at(scan.title, { alert: code.malformed('6') })
  await give(alice, app.code(site.now() + 240), scan.verify)
  await at(scan.title, { alert: code.ahead('4 minutes') })
  for (let n = 0; n < 2; n++) await give(alice, app.wrongCode(site.now()), scan.verify)
  await at(scan.title, says)
  await give(alice, app.wrongCode(site.now()), scan.verify)
  await at(start.titleFirst, { alert: /ended/ })

  await send(start.begin)
  await at(scan.title)
  const key = await keyOf(alice)
  assert.notEqual(key, lost)
  const phone = authenticator(key)
  await give(alice, phone.code(site.now() - 240), scan.verify)
  await at(scan.title, { alert: code.behind('4 minutes') })
  await give(alice, phone.code(site.now()), scan.verify)
  await at(newCodes.title, { status: newCodes.works })
  return phone
}

/** The new recovery codes, kept and checked. */
async function keepCodes ({ site, alice, hasScript }: Life): Promise<string[]> {
  const { page, at, atOwn } = alice
  const shown = await shownCodes(alice)
  assert.equal(shown.length, 10)
  const text = await downloaded(alice)
  assert.equal(text.split('\r\n').filter(line => shown.includes(line)).length, 10)
  const [copy, print] = [newCodes.copy, newCodes.print].map(name => page.getByRole('button', { name, exact: true }))
  assert.deepEqual([await copy?.isVisible(), await print?.isVisible()], [hasScript, hasScript])
  if (hasScript) {
    await copy?.click()
    await page.getByRole('status').filter({ hasText: frame.copied }).waitFor()
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), shown.join('\n'))
    await page.evaluate('globalThis.print = () => { globalThis.printed = true }')
    await print?.click()
    assert.equal(await page.evaluate('globalThis.printed'), true)
  }
  await giveRecoveryCode(alice, NO_RECOVERY_CODE, newCodes.check)
  await at(newCodes.checkTitle, { alert: newCodes.denied })
  await giveRecoveryCode(alice, 'where?', newCodes.check)
  await at(newCodes.checkTitle, { alert: recoveryCode.malformed })
  await giveRecoveryCode(alice, ` ${shown[3]?.toLowerCase().replaceAll('-', ' ')}`, newCodes.check)
  await atOwn('/vault?page=2', 'gold')
  assert.equal(site.created(), 1)
  return shown
}

async function shownCodes ({ page }: Surfer): Promise<string[]> {
  return await page.getByRole('list', { name: newCodes.list }).getByRole('listitem').allInnerTexts()
}

async function downloaded ({ page }: Surfer): Promise<string> {
  const begun = page.waitForEvent('download')
  await page.getByRole('link', { name: newCodes.download, exact: true }).click()
  return readFileSync(await (await begun).path(), 'utf8')
}

async function renameApp ({ alice }: Life): Promise<void> {
  const { page, open, at, send } = alice
  await open('/totp')
  await at(manage.title)
  const row = rowOf(alice, 'alice')
  await row.getByText(`${manage.rename} alice`).click()
  await row.getByLabel(manage.name).fill('My: phone')
  await send(manage.saveName, row)
  await at(manage.title, { alert: manage.refusedName })
  assert.equal(await row.getByLabel(manage.name).inputValue(), 'My: phone', 'what was typed is kept')
  await row.getByLabel(manage.name).fill('Phone')
  await send(manage.saveName, row)
  await at(manage.title, { status: notices.renamed })
  assert.equal(await page.getByRole('listitem').count(), 1)
}

/** A further app, by the list of apps. */
async function addApp (
  { site, alice }: Life, name: string, { isFussy }: { readonly isFussy: boolean }
): Promise<Authenticator> {
  const { page, at, send, follow, fill } = alice
  await follow(manage.addApp)
  await at(start.titleFurther)
  if (isFussy) {
    await fill(start.name, 'Tab:let')
    await send(start.begin)
    await at(start.titleFurther, { alert: start.refusedName })
    assert.equal(await page.getByLabel(start.name).inputValue(), 'Tab:let')
  }
  await fill(start.name, name)
  await send(start.begin)
  await at(scan.title)
  if (isFussy) {
    await send(scan.cancel)
    await at(manage.title)
    await follow(manage.addApp)
    await fill(start.name, name)
    await send(start.begin)
    await at(scan.title)
  }
  const app = authenticator(await keyOf(alice))
  await give(alice, app.code(site.now()), scan.verify)
  await at(manage.title, { status: /works/ })
  assert.ok(await rowOf(alice, name).isVisible())
  return app
}

/** A new login: wrong codes, a lock, and the way in without the phone. */
async function lockAndRecover (
  { site, alice, hasScript }: Life, phone: Authenticator, spare: string
): Promise<void> {
  const { page, open, at, atOwn, follow } = alice
  site.wait(60)
  await open('/enter?user=alice')
  await open('/vault?page=3')
  await at(challenge.title)
  await give(alice, 'letters', challenge.submit)
  await at(challenge.title, { alert: code.malformed('6') })
  await give(alice, phone.wrongCode(site.now()), challenge.submit)
  await at(challenge.title, { alert: code.denied })
  await beside(alice, code.label, code.denied)
  for (let n = 0; n < 4; n++) await give(alice, phone.wrongCode(site.now()), challenge.submit)
  const button = page.getByRole('button', { name: challenge.submit })
  assert.equal(await button.isDisabled(), hasScript, 'without a script, nothing would free it')
  await at(challenge.title, { alert: challenge.locked })
  site.wait(10)
  await open('/totp/challenge')
  await at(challenge.title, { alert: challenge.locked })
  await page.getByText(hasScript ? /Wait (20|1[0-9]|[1-9]) seconds?/ : 'Wait 20 seconds').waitFor()
  await open('/vault?page=3')
  await at(challenge.title, { alert: challenge.locked })
  if (!hasScript) {
    await give(alice, phone.code(site.now()), challenge.submit)
    await at(challenge.title, { alert: challenge.locked })
  }

  await follow(challenge.lostPhone)
  await at(recover.title)
  await giveRecoveryCode(alice, 'nothing', recover.submit)
  await at(recover.title, { alert: recoveryCode.malformed })
  await giveRecoveryCode(alice, NO_RECOVERY_CODE, recover.submit)
  await at(recover.title, { alert: recoveryCode.denied })
  await beside(alice, recoveryCode.label, recoveryCode.denied)
  await giveRecoveryCode(alice, spare, recover.submit)
  await atOwn('/vault?page=3', 'recovery')
}

/** The lost phone's app is removed, and a new phone's added. */
async function replacePhone (life: Life): Promise<void> {
  const { alice } = life
  const { open, at } = alice
  await open('/totp/')
  await at(manage.title)
  await removeRow(alice, 'Phone')
  await addApp(life, 'New phone', { isFussy: false })
}

/** New recovery codes, once. */
async function replaceCodes ({ site, alice }: Life): Promise<void> {
  const { page, at, send, follow } = alice
  await follow(manage.newCodes)
  await at(codes.title)
  await send(codes.create)
  await at(newCodes.title)
  const [one = ''] = await shownCodes(alice)
  assert.equal(site.created(), 2)
  await page.reload()
  await at(codes.title, { status: notices.codesTwice })
  assert.equal(site.created(), 2, 'a reload creates none')

  // In a tab of its own: what browsers show when they don't send a form again counts as a fault.
  const tab = await surfer(page.context().browser() ?? assert.fail(), { url: site.url, account: 'alice', beside: page })
  await tab.open('/totp/codes')
  await tab.send(codes.create)
  await tab.at(newCodes.title)
  const [other = ''] = await shownCodes(tab)
  await tab.page.goBack()
  await tab.at(codes.title)
  await tab.page.goForward().catch(() => null)
  assert.equal(site.created(), 3, 'going back and forward creates none')
  await tab.page.close()

  await page.goBack()
  await at(codes.title)
  await send(codes.create)
  await at(newCodes.title)
  const [newest = ''] = await shownCodes(alice)
  for (const old of [one, other]) {
    await giveRecoveryCode(alice, old, newCodes.check)
    await at(newCodes.checkTitle, { alert: newCodes.denied })
  }
  await giveRecoveryCode(alice, newest, newCodes.check)
  await at(manage.title, { status: notices.kept })
}

/** A browser that isn't asked, until it is forgotten. */
async function rememberBrowser ({ site, alice }: Life, app: Authenticator): Promise<void> {
  const { page, open, at, atOwn, moves, follow } = alice
  site.wait(60)
  await open('/enter?user=alice')
  await open('/vault')
  await at(challenge.title)
  await page.getByLabel(challenge.remember('30 days')).check()
  await give(alice, app.code(site.now()), challenge.submit)
  await atOwn('/vault', 'gold')
  await open('/enter?user=alice')
  await open('/vault?page=4')
  await atOwn('/vault?page=4', 'remembered')

  await open('/totp/')
  await at(manage.title)
  assert.equal(await page.getByText(manage.rename).count(), 0, 'a remembered browser may look only')
  site.wait(60)
  await open('/totp/remembered')
  await at(challenge.title)
  await give(alice, app.code(site.now()), challenge.submit)
  await at(remembered.title)
  assert.equal(new URL(page.url()).pathname, '/totp/remembered')
  assert.ok(await page.getByText(remembered.current).isVisible())
  await moves(async () => await page.getByRole('button', { name: remembered.forget }).click())
  await at(remembered.title, { status: notices.forgotten })
  await follow(frame.manage)
  await at(manage.title)
  site.wait(60)
  await open('/enter?user=alice')
  await open('/vault?page=5')
  await at(challenge.title)
  await give(alice, app.code(site.now()), challenge.submit)
  await atOwn('/vault?page=5', 'gold')
}

/** The end: without an app, the account is as it was before. */
async function removeAll ({ site, alice }: Life, tablet: Authenticator): Promise<void> {
  const { open, at, send } = alice
  await open('/totp/')
  site.wait(400)
  await rowOf(alice, 'New phone').getByText(`${manage.remove} New phone`).click()
  await send(manage.removeApp, rowOf(alice, 'New phone'))
  await at(challenge.title)
  await give(alice, tablet.code(site.now()), challenge.submit)
  await at(manage.title)
  await removeRow(alice, 'New phone')

  // Without the app of its approval or with it: whoever removes one has to show another before the next.
  await alice.follow(manage.enterCode)
  await at(challenge.title)
  site.wait(30)
  await give(alice, tablet.code(site.now()), challenge.submit)
  await at(manage.title)
  await removeRow(alice, 'Tablet')
  await open('/vault')
  await at(start.titleFirst)
}

async function removeRow (alice: Surfer, name: string): Promise<void> {
  const row = rowOf(alice, name)
  const isLast = await alice.page.getByRole('listitem').count() === 1
  await row.getByText(`${manage.remove} ${name}`).click()
  assert.ok(await row.getByText(isLast ? manage.removingLast : manage.removing).isVisible())
  await alice.send(manage.removeApp, row)
  await alice.at(manage.title, { status: notices.removed })
  assert.equal(await row.count(), 0)
}

/** The row of an app. */
function rowOf ({ page }: Surfer, name: string) {
  return page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) })
}

/** Expects the message of a field beside it: the field has the focus, and names the message. */
async function beside ({ page }: Surfer, label: string, message: string): Promise<void> {
  const field = page.getByLabel(label, { exact: true })
  const ids = (await field.getAttribute('aria-describedby'))?.split(' ') ?? []
  const described = await Promise.all(ids.map(async id => await page.locator(`#${id}`).innerText()))
  assert.ok(described.includes(message), `${described} has ${message}`)
  assert.equal(await field.getAttribute('aria-invalid'), 'true')
  await focused(field).waitFor()
  const [error, input] = [await page.getByRole('alert').boundingBox(), await field.boundingBox()]
  const gap = (input?.y ?? 0) - ((error?.y ?? 0) + (error?.height ?? 0))
  assert.ok(gap >= 0 && gap < 30, `${gap} px between message and field`)
}
