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

t.test('the challenge page offers to remember the browser, and it can be forgotten', { skip }, async t => {
  const env = { REMEMBER: String(30 * 86_400) }
  const server = await startExample(t, { dataDir: await dataFolder(t), env })
  const { page, faults, heading, says, button, link, logIn, logOut } = await browserPage(t, server.url)
  const phone = await (await server.login('alice')).enrollEarly(server.now)

  await logIn('alice')
  await link('Open the vault').click()
  await heading('Enter your code')
  await page.getByRole('checkbox', { name: /30 days/ }).check()
  await page.getByLabel('Code from your app').fill(phone.code(server.now()))
  await button('Continue').click()
  await heading('The vault is open')

  await link('Back').click()
  await logOut()
  await logIn('alice')
  await link('Open the vault').click()
  await heading('The vault is open')

  await link('Back').click()
  await link('Send the gold').click()
  await heading('Enter your code')
  await page.getByLabel('Code from your app').fill(phone.code(server.now() + 30))
  await button('Continue').click()
  await heading('Send the gold')
  await page.goto(`${server.url}totp/remembered`)
  await button(/^Forget (?!all)/).click()
  await says('status', 'That browser is forgotten')
  t.same(faults, [])
})
