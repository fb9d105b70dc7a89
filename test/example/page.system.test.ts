import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { authenticator } from '../authenticator.js'
import { freePort } from '../free-port.js'
import { browserPage } from './browser.js'
import { dataFolder, startExample } from './example-server.js'
import { lacking } from './programs.js'

const skip = lacking('chromium')
/** A folder for screenshots of all views. Without it none are taken. */
const pictures = process.env['PICTURES']

t.test('the page', { skip }, async t => {
  const dataDir = await dataFolder(t)
  let server = await startExample(t, { dataDir, port: await freePort() })
  const { page, context, faults, title, says, button, focused, type } = await browserPage(t)
  let secret = ''
  let codes: string[] = []
  const phone = () => authenticator(secret)

  /** Moves the clock while the page stays open, by restarting the server. */
  async function later (seconds: number): Promise<void> {
    await server.end('SIGKILL')
    server = await startExample(t, { dataDir, port: server.port, later: seconds })
  }

  await t.test('logs in by keyboard, and reports a wrong password', async t => {
    await page.goto(server.url)
    await title('Log in')
    t.equal(await focused(), 'username')
    t.equal(await page.getByRole('heading', { level: 1 }).count(), 1)
    await picture(page, 'login')
    await page.keyboard.type('alice')
    await page.keyboard.press('Tab')
    await type('wrong')
    await says('alert', 'The name or the password is wrong.')
    t.equal(await focused(), 'password')
    await picture(page, 'login-wrong')
    await type('demo')
    await title('Protect your vault')
    await picture(page, 'setup')
  })

  await t.test('shows the QR code and the key in groups of four', async t => {
    await button('Set up an authenticator app').click()
    await title('Scan with your authenticator app')
    t.equal(await focused(), 'enroll-code')
    const key = await page.locator('#key').textContent() ?? ''
    t.match(key, /^([A-Z2-7]{4} )+[A-Z2-7]{1,4}$/)
    secret = key.replaceAll(' ', '')
    const qr = page.getByRole('img', { name: /^QR code for your authenticator app/ })
    t.match(await qr.getAttribute('src'), /^data:image\//)
    const markup = await page.content()
    t.notOk((await qr.getAttribute('alt'))?.includes(secret))
    t.notOk(page.url().includes(secret) || (await page.title()).includes(secret))
    t.equal(markup.match(/otpauth:/g)?.length, 1)
    const uri = new URL(await page.getByRole('link', { name: 'Open it here' }).getAttribute('href') ?? '')
    t.match([uri.protocol, uri.host, decodeURIComponent(uri.pathname)], ['otpauth:', 'totp', /:alice$/])
    t.equal(uri.searchParams.get('secret'), secret)
    t.equal(await page.evaluate('localStorage.length + sessionStorage.length'), 0)
    t.equal(await page.locator('#enroll-code').getAttribute('inputmode'), 'numeric')
    t.equal(await page.locator('#enroll-code').getAttribute('autocomplete'), 'one-time-code')
    await picture(page, 'enroll')
  })

  await t.test('announces that a code was wrong, and opens the vault for a right one', async t => {
    await type('12')
    await says('alert', 'Type the six digits')
    await type(phone().wrongCode(server.now()))
    await says('alert', 'That code was not accepted.')
    t.equal(await focused(), 'enroll-code')
    t.equal(await page.locator('#enroll-code').inputValue(), '')
    t.equal(await page.locator('#enroll-code').getAttribute('aria-invalid'), 'true')
    await picture(page, 'enroll-wrong')
    await page.setViewportSize({ width: 390, height: 500 })
    await type(phone().wrongCode(server.now()))
    await page.getByRole('alert').filter({ hasText: 'That code was not accepted.' }).waitFor()
    await page.locator('body:not([aria-busy])').waitFor()
    t.same(await page.evaluate(`['enroll-code', 'problem'].map(id => {
      const { top, bottom } = document.getElementById(id).getBoundingClientRect()
      return top >= 0 && bottom <= innerHeight
    })`), [true, true], 'with a keyboard open, the field and its error are in sight')
    await page.setViewportSize({ width: 1000, height: 900 })
    // As a paste, with blanks around it.
    await page.locator('#enroll-code').fill(`  ${phone().code(server.now()).replace(/^.../, '$& ')}\u00a0`)
    await page.keyboard.press('Enter')
    await title('Keep your recovery codes')
    t.notMatch(await page.content(), /otpauth:/)
    t.notOk((await page.content()).includes(secret), 'the key is removed from the page')
  })

  await t.test('shows the recovery codes once, to copy and to download', async t => {
    t.equal(await focused(), 'codes-title')
    codes = await page.locator('#codes li').allTextContents()
    t.equal(new Set(codes).size, 10)
    t.ok(codes.every(code => /^[A-Z2-7]{4}(?:-[A-Z2-7]{4}){5}$/.test(code)))
    await picture(page, 'codes')
    const [download] = await Promise.all([page.waitForEvent('download'), button('Download').click()])
    t.equal(download.suggestedFilename(), 'gold-vault-recovery-codes.txt')
    t.equal(await readFile(await download.path(), 'utf8'), `Gold Vault: recovery codes\n\n${codes.join('\n')}\n`)
    await button('Copy').click()
    await says('status', /The codes are (?:copied|selected)/)
    await button('Go on').click()
    await says('alert', 'Keep the codes first')
    t.equal(await focused(), 'codes-kept')
    await page.getByLabel('I have kept them').check()
    await button('Go on').click()
    await title('The vault is open')
    await says('status', 'Done')
    t.notOk((await page.content()).includes(codes[0] ?? ''), 'the codes are removed from the page')
    await page.getByText('10 left.').waitFor()
    await page.getByText('It holds gold, and it is alice’s.').waitFor()
    await picture(page, 'vault')
    await button('Send the gold').click()
    await says('status', 'Sent')
  })

  await t.test('has nothing outside a landmark', async t => {
    t.same(await page.evaluate(`[...document.body.children].map(({ localName }) => localName)
      .filter(name => !['header', 'main', 'footer', 'template'].includes(name))`), [])
  })

  await t.test('every field has a label, and every button a name', async t => {
    t.same(await page.evaluate(`[...document.querySelectorAll('input, select')]
      .filter(input => input.labels.length !== 1 || input.labels[0].textContent.trim() === '').map(input => input.id)`), [])
    t.same(await page.evaluate(`[...document.querySelectorAll('button')]
      .filter(button => button.textContent.trim() === '').map(button => button.id)`), [])
    t.equal(await page.evaluate('document.documentElement.lang'), 'en')
    t.equal(await page.locator('#problem[role=alert], #news[role=status]').count(), 2)
  })

  await t.test('keeps the vault open after a reload, and locks it', async t => {
    await page.reload()
    await title('The vault is open')
    await button('Lock the vault').click()
    await title('Enter your code')
    await says('status', 'The vault is locked.')
    t.equal(await focused(), 'challenge-code')
    await picture(page, 'challenge')
    await type(phone().code(server.now() + 30))
    await title('The vault is open')
  })

  await t.test('asks for a fresh code before a transfer, and then repeats the transfer', async t => {
    await later(120)
    await button('Send the gold').click()
    await title('Enter your code')
    t.equal(await focused(), 'challenge-code')
    await picture(page, 'step-up')
    await type(phone().code(server.now()))
    await says('status', 'Sent')
    await title('The vault is open')
  })

  await t.test('logs out and in again', async t => {
    await button('Log out').click()
    await title('Log in')
    await says('status', 'You are logged out.')
    await page.keyboard.type('alice')
    await page.keyboard.press('Tab')
    await type('demo')
    await title('Enter your code')
    t.equal(await focused(), 'challenge-code')
    await button('Lost your phone?').click()
    await title('Lost your phone?')
    t.equal(await focused(), 'recovery-code')
    await page.getByText('No recovery code left?').click()
    await page.getByText('Ask the operator of this site for a pass').waitFor()
    await picture(page, 'recovery')
    await button('Cancel').click()
    await title('Enter your code')
    t.equal(await focused(), 'challenge-code')
  })

  await t.test('counts down after too many wrong codes', async t => {
    await later(240)
    for (let wrong = 1; wrong <= 5; wrong++) {
      const answered = page.waitForResponse(/challenges$/)
      await type(phone().wrongCode(server.now()))
      await (await answered).finished()
      await says('alert', 'That code was not accepted.')
      await page.locator('body:not([aria-busy])').waitFor()
    }
    await type(phone().wrongCode(server.now()))
    await says('alert', /Too many codes. You can try again in \d+ seconds./)
    await page.getByText(/^Try again in 0:\d\d$/).waitFor()
    t.equal(await button('Continue').getAttribute('aria-disabled'), 'true')
    await picture(page, 'locked')
  })

  await t.test('opens with a recovery code while it is locked, once, and makes new codes', async t => {
    const [first = '', second = ''] = codes
    await button('Lost your phone?').click()
    await type('123456')
    await says('alert', 'That is no recovery code of this account')
    t.equal(await focused(), 'recovery-code')
    await type(first.toLowerCase().replaceAll('-', ' '))
    await title('The vault is open')
    await says('status', 'You are in, and 9 recovery codes are left.')
    await button('Lock the vault').click()
    await title('Enter your code')
    await button('Lost your phone?').click()
    await type(first)
    await says('alert', 'it was used before')
    await type(second)
    await title('The vault is open')
    await page.getByText('8 left.').waitFor()
    await button('Make new codes').click()
    await title('Enter your code')
    await later(270)
    await type(phone().code(server.now()))
    await title('Keep your recovery codes')
    t.notOk((await page.locator('#codes li').allTextContents()).includes(codes[2] ?? ''), 'others than before')
    await page.getByLabel('I have kept them').check()
    await button('Go on').click()
    await title('The vault is open')
    await page.getByText('10 left.').waitFor()
    await button('Lock the vault').click()
    await title('Enter your code')
    await later(360)
    await page.reload()
    await title('Enter your code')
    await type(phone().code(server.now()))
    await title('The vault is open')
  })

  await t.test('adds, renames and removes apps, and asks for confirmation or a code where necessary', async t => {
    await button('Add another app').click()
    await title('Protect your vault')
    await page.getByLabel('Name in your list here').fill('Tablet')
    await page.keyboard.press('Enter')
    await title('Scan with your authenticator app')
    const uri = new URL(await page.getByRole('link', { name: 'Open it here' }).getAttribute('href') ?? '')
    t.match(decodeURIComponent(uri.pathname), /:alice/, 'the account stays in the app\'s entry')
    const another = (await page.locator('#key').textContent() ?? '').replaceAll(' ', '')
    await type(authenticator(another).code(server.now()))
    await says('status', 'The new app opens the vault too.')
    t.equal(await page.getByRole('listitem').filter({ hasText: 'Added' }).count(), 2)

    await button('Rename Tablet').click()
    await page.getByRole('textbox', { name: 'New name' }).fill('Old tablet')
    await page.keyboard.press('Enter')
    await says('status', 'The new name is saved.')
    await button('Remove Old tablet').click()
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Remove it')
    await picture(page, 'remove')
    await button('Keep it').click()
    await button('Remove Old tablet').click()
    await button('Remove it').click()
    await title('Enter your code')
    await says('status', '“Old tablet” is removed.')
    await type(phone().code(server.now() + 30))
    await title('The vault is open')
    t.equal(await page.getByRole('listitem').filter({ hasText: 'Added' }).count(), 1)
    await button('Remove alice').click()
    await button('Remove it').click()
    await title('Protect your vault')
  })

  await t.test('says after the fifth wrong code that the enrollment starts over', async () => {
    await button('Set up an authenticator app').click()
    await title('Scan with your authenticator app')
    const other = authenticator((await page.locator('#key').textContent() ?? '').replaceAll(' ', ''))
    for (let wrong = 1; wrong <= 5; wrong++) {
      const answered = page.waitForResponse(/verify$/)
      await type(other.wrongCode(server.now()))
      await (await answered).finished()
      await page.locator('body:not([aria-busy])').waitFor()
    }
    await title('Protect your vault')
    await says('alert', 'Too many wrong codes, so this QR code is no longer valid. Start over with a new one')
  })

  await t.test('asks for a login when the session has ended, and reports that the server is unavailable', async t => {
    t.same(faults, [], 'nothing has failed so far or violated the content security policy')
    await context.clearCookies()
    await button('Set up an authenticator app').click()
    await title('Log in')
    await says('alert', 'You are logged out.')
    await server.end('SIGKILL')
    await page.keyboard.type('alice')
    await page.keyboard.press('Tab')
    await type('demo')
    await says('alert', 'No connection')
    await picture(page, 'away')
  })
})

async function picture (page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  await mkdir(pictures, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: join(pictures, `${name}-${colorScheme}.png`) })
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 360, height: 740 })
  await page.screenshot({ path: join(pictures, `${name}-phone.png`), fullPage: true })
  await page.setViewportSize({ width: 1000, height: 900 })
}
