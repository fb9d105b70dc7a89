import t from 'tap'
import { authenticator } from '../authenticator.js'
import { focused } from '../focused.js'
import { freePort } from '../free-port.js'
import { standIn } from '../verify-api/stand-in.js'
import { browserPage, type BrowserPage } from './browser.js'
import { dataFolder, startExample } from './example-server.js'
import { lacking } from './programs.js'
import { environmentOf } from './twilio-environment.js'

const skip = lacking('chromium')

/** Sets up an app on the pages, and returns it, with the recovery codes if it is the first one. */
async function setUp ({ page, button, heading, giveCode }: BrowserPage, now: () => number) {
  await button('Start setup').click()
  await heading('Connect your app')
  const link = await page.getByRole('link', { name: /^Open in an authenticator app/ }).getAttribute('href')
  const phone = authenticator(new URL(String(link)).searchParams.get('secret') ?? '')
  await giveCode(phone.code(now()))
  await page.getByRole('heading', { level: 1, name: /^(?:Keep your recovery codes|Login protection)$/ }).waitFor()
  return { phone, codes: await page.getByRole('list').getByRole('code').allTextContents() }
}

t.test('a user finds everything that the second factor needs, and the site has no screen of it', { skip }, async t => {
  const dataDir = await dataFolder(t)
  let server = await startExample(t, { dataDir, port: await freePort() })
  const browser = await browserPage(t, server.url)
  const { page, faults, heading, says, button, link, giveCode, logIn, logOut } = browser

  await page.goto(server.url)
  await heading('Gold Vault')
  await focused(page.getByLabel('Name')).waitFor()
  await page.keyboard.type('alice')
  await page.keyboard.press('Tab')
  await page.keyboard.type('wrong')
  await page.keyboard.press('Enter')
  await says('status', 'The name or the password is wrong.')
  await logIn('alice')
  await link('Open the vault').click()
  await heading('Protect your account')
  const { phone, codes } = await setUp(browser, server.now)
  t.equal(codes.length, 10)
  await giveCode(codes[3] ?? '')
  await heading('The vault is open')

  await link('Back').click()
  await logOut()
  await logIn('alice')
  await link('Open the vault').click()
  await heading('Enter your code')
  await giveCode(phone.wrongCode(server.now()))
  await says('alert', 'That code isn’t right')
  await giveCode(phone.code(server.now() + 30))
  await heading('The vault is open')

  // Later: the clock moves with the server.
  await server.end('SIGKILL')
  server = await startExample(t, { dataDir, port: server.port, later: 120 })
  await link('Back').click()
  await link('Send the gold').click()
  await heading('Enter your code')
  await giveCode(phone.code(server.now()))
  await heading('Send the gold')
  await button('Send it').click()
  await says('status', 'The gold is sent.')

  await link('Back').click()
  await logOut()
  await logIn('alice')
  await link('Open the vault').click()
  await link('Lost your phone?').click()
  await heading('Log in without your phone')
  await giveCode(codes[0] ?? '')
  await heading('The vault is open')
  await link('Back').click()
  await link('Two-step login').click()
  await heading('Login protection')
  await page.getByText('You have 9 recovery codes left.').waitFor()
  t.same(faults, [])
})

t.test('a button of the site is there only together with the script that answers it', { skip }, async t => {
  const server = await startExample(t, { dataDir: await dataFolder(t), port: await freePort() })
  const { page, button, logIn, logOut } = await browserPage(t, server.url)
  await page.route('**/home.js', async route => {
    const waited = await Promise.race([button(/./).waitFor().then(() => 'a button'), page.waitForTimeout(500)])
    t.equal(waited, undefined)
    await route.continue()
  })
  await logIn('alice')
  await logOut()
})

t.test('with several apps at Twilio the challenge page asks which one it is', { skip }, async t => {
  const verify = await standIn(t)
  const server = await startExample(t, { dataDir: await dataFolder(t), env: environmentOf(verify) })
  const browser = await browserPage(t, server.url)
  const { page, faults, heading, link, giveCode, logIn, logOut } = browser

  await logIn('alice')
  await link('Open the vault').click()
  await setUp(browser, verify.now)
  await link('Continue without checking').click()
  await heading('The vault is open')
  verify.wait(30)
  await page.goto(`${server.url}totp/`)
  await link('Add another app').click()
  await page.getByRole('textbox', { name: 'Name for this app' }).fill('Tablet')
  const { phone: tablet } = await setUp(browser, verify.now)
  verify.wait(30)

  await page.goto(server.url)
  await logOut()
  await logIn('alice')
  await link('Open the vault').click()
  await heading('Enter your code')
  t.equal(await page.getByRole('radio').count(), 2)
  await page.getByRole('radio', { name: 'Tablet' }).check()
  await giveCode(tablet.code(verify.now()))
  await heading('The vault is open')

  verify.wait(30)
  await verify.app.close()
  await link('Back').click()
  await logOut()
  await logIn('alice')
  await link('Open the vault').click()
  await heading('Enter your code')
  await page.getByRole('radio', { name: 'Tablet' }).check()
  await giveCode(tablet.code(verify.now()))
  await heading('This doesn’t work at the moment')
  t.same(faults, [])
})
