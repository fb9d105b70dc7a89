import t from 'tap'
import { browserPage } from './browser.js'
import { dataFolder, startExample } from './example-server.js'
import { lacking } from './programs.js'

const skip = lacking('chromium')

t.test('with REMEMBER the server remembers browsers, over its plain HTTP', async t => {
  const server = await startExample(t, { dataDir: await dataFolder(t), env: { REMEMBER: '3600' } })
  const alice = await server.login('alice')
  const phone = await alice.enrollEarly(server.now)
  const code = phone.code(server.now())
  const answer = await alice.request('POST', '/totp/challenges', { code, remember: true })
  t.match(answer, { status: 200 })
  const [cookie = ''] = answer.headers.getSetCookie().filter(line => line.startsWith('totp-browser='))
  t.match(cookie, /^totp-browser=[\w-]{43}; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax$/)
  await alice.logout()
  await alice.login('alice')
  t.match(await alice.vault(), { status: 200 })
  t.match(await alice.request('POST', '/transfer'), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await (await server.login('alice')).vault(), { status: 403 })
})

t.test('the page offers to remember the browser, and to forget it', { skip }, async t => {
  const env = { REMEMBER: String(30 * 86_400) }
  const server = await startExample(t, { dataDir: await dataFolder(t), env })
  const { page, faults, title, says, button } = await browserPage(t)
  const remembered = page.getByText('This browser is remembered')
  const logIn = async () => {
    await page.getByLabel('Name', { exact: true }).fill('alice')
    await page.getByLabel('Password').fill('demo')
    await button('Log in').click()
  }

  const phone = await (await server.login('alice')).enrollEarly(server.now)
  await page.goto(server.url)
  await title('Log in')
  await logIn()
  await title('Enter your code')
  t.notOk(await remembered.isVisible())
  const choice = page.getByLabel('Remember this browser for 30 days. Not on a computer that others use.')
  t.notOk(await choice.isChecked())
  await choice.check()
  await page.getByLabel('Code from your authenticator app').fill(phone.code(server.now()))
  await button('Continue').click()
  await title('The vault is open')
  await remembered.waitFor()

  await button('Log out').click()
  await logIn()
  await title('The vault is open')
  await remembered.waitFor()
  await page.reload()
  await title('The vault is open')
  await button('Send the gold').click()
  await title('Enter your code')
  t.notOk(await choice.isChecked())
  await button('Cancel').click()
  await title('The vault is open')

  await button('Forget it').click()
  await says('status', 'This browser is forgotten')
  await title('Enter your code')
  await page.getByLabel('Code from your authenticator app').fill(phone.code(server.now() + 30))
  await choice.check()
  await button('Continue').click()
  await title('The vault is open')
  await button('Lock the vault').click()
  await says('status', 'The vault is locked.')
  await page.reload()
  await title('Enter your code')
  t.same(faults, [])
})
