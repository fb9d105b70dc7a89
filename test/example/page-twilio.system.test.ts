import t from 'tap'
import { authenticator } from '../authenticator.js'
import { standIn } from '../verify-api/stand-in.js'
import { browserPage } from './browser.js'
import { dataFolder, startExample } from './example-server.js'
import { lacking } from './programs.js'
import { environmentOf } from './twilio-environment.js'

t.test('the page, with several apps at Twilio', { skip: lacking('chromium') }, async t => {
  const verify = await standIn(t)
  const server = await startExample(t, { dataDir: await dataFolder(t), env: environmentOf(verify) })
  const { page, faults, title, says, button, focused, type } = await browserPage(t)
  const choice = page.getByRole('combobox', { name: 'App that shows the code' })
  const options = async () => (await choice.getByRole('option').allTextContents()).join(', ')

  let isEnrolled = false

  async function logIn (): Promise<void> {
    await title('Log in')
    await page.keyboard.type('alice')
    await page.keyboard.press('Tab')
    await type('demo')
  }

  async function enroll (name: string): Promise<string> {
    await title('Protect your vault')
    await page.getByLabel('Name in your list here').fill(name)
    await page.keyboard.press('Enter')
    await title('Scan with your authenticator app')
    const secret = (await page.locator('#key').textContent() ?? '').replaceAll(' ', '')
    await type(authenticator(secret).code(verify.now()))
    if (!isEnrolled) {
      await title('Keep your recovery codes')
      await page.getByLabel('I have kept them').check()
      await button('Go on').click()
    }
    await title('The vault is open')
    isEnrolled = true
    return secret
  }

  async function lock (): Promise<void> {
    await button('Lock the vault').click()
    await title('Enter your code')
    verify.wait(30)
  }

  await page.goto(server.url)
  await logIn()
  const phone = authenticator(await enroll('Phone'))
  let tablet = phone

  await t.test('with one app asks only for the code', async t => {
    await lock()
    t.equal(await choice.count(), 0)
    await type(phone.code(verify.now()))
    await title('The vault is open')
  })

  await t.test('with two apps asks which one it is, and keeps the typed code', async t => {
    await button('Add another app').click()
    tablet = authenticator(await enroll('Phone'))
    await lock()
    t.equal(await options(), 'Any of them, Phone, Phone (2)')
    t.equal(await focused(), 'challenge-code')
    const code = tablet.code(verify.now())
    await type(code)
    await says('alert', 'Choose the app that shows the code.')
    t.equal(await focused(), 'challenge-app')
    t.equal(await choice.getAttribute('aria-invalid'), 'true')
    t.equal(await options(), 'Choose the app, Phone, Phone (2)')
    t.equal(await page.locator('#challenge-code').inputValue(), code)
    await button('Continue').click()
    await says('alert', 'Choose the app that shows the code.')
    await choice.selectOption({ label: 'Phone (2)' })
    await button('Continue').click()
    await title('The vault is open')
  })

  await t.test('remembers the choice, and reports a malformed code', async t => {
    await lock()
    t.equal(await focused(), 'challenge-code')
    await type('12')
    await says('alert', 'Type the six digits')
    await type(tablet.code(verify.now()))
    await title('The vault is open')
  })

  await t.test('starts an enrollment again if it has ended at Twilio', async () => {
    await button('Add another app').click()
    await title('Protect your vault')
    await button('Set up an authenticator app').click()
    await title('Scan with your authenticator app')
    const service = verify.client.verify.v2.services(verify.serviceSid)
    const [entity] = await service.entities.list()
    const factors = entity === undefined ? [] : await service.entities(entity.identity).factors.list()
    for (const factor of factors) {
      if (factor.status === 'unverified') await service.entities(factor.identity).factors(factor.sid).remove()
    }
    await type('123456')
    await title('Protect your vault')
    await says('alert', 'This QR code is no longer valid')
    await button('Cancel').click()
    await title('The vault is open')
  })

  await t.test('notices that the app was removed in another session', async t => {
    await lock()
    const elsewhere = await server.login('alice')
    const { factors: [first, second] } = (await elsewhere.request('GET', '/totp/factors')).json()
    t.match(await elsewhere.challenge(phone.code(verify.now()), first.sid), { status: 200 })
    t.match(await elsewhere.request('DELETE', `/totp/factors/${second.sid}`), { status: 204 })
    await type(tablet.code(verify.now()))
    await says('alert', 'That app was removed.')
    t.equal(await choice.count(), 0)
  })

  await t.test('reports that Twilio is unavailable', async t => {
    await verify.app.close()
    verify.wait(30)
    await page.locator('#challenge-code').focus()
    await type(phone.code(verify.now()))
    await says('alert', /^The service that checks the codes can’t be reached .* with a new code\.$/)
    t.equal(await page.locator('#challenge-code').inputValue(), '')
    t.same(faults, [])
  })
})
