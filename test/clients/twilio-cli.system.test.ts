import t from 'tap'
import { authenticator } from '../authenticator.js'
import { lacking } from '../example/programs.js'
import { standIn } from '../verify-api/stand-in.js'
import { run } from './command.js'
import { twilioHost } from './twilio-host.js'

const { TWILIO_CLI = '' } = process.env
const IDENTITY = 'ff483d1ff591898a9942916050d2ca3f'

t.test('the quickstart works with Twilio\'s command line tool, which only connects to Twilio\'s host', {
  skip: TWILIO_CLI === '' ? 'needs TWILIO_CLI, the path of an installed twilio-cli' : lacking('openssl')
}, async t => {
  // The stand-in answers under Twilio's own origin.
  const verify = await standIn(t, { baseUrl: 'https://verify.twilio.com' })
  const { accountSid, authToken, serviceSid, now, wait } = verify
  const folder = t.testdir()
  const { proxy, certificate } = await twilioHost(t, folder, verify.baseUrl)
  const env = {
    HOME: folder,
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    HTTP_PROXY: proxy,
    NODE_EXTRA_CA_CERTS: certificate,
    TWILIO_SKIP_NEW_VERSION_CHECK: 'true'
  }

  async function twilio (command: string, flags: Record<string, string> = {}) {
    const named = Object.entries({ 'service-sid': serviceSid, identity: IDENTITY, ...flags })
    const args = named.flatMap(([name, value]) => [`--${name}`, value])
    const ended = await run(TWILIO_CLI, [`api:verify:v2:services:entities:${command}`, ...args, '-o', 'json'], env)
    t.equal(ended.exitCode, 0, `${command}${ended.stderr}`)
    return JSON.parse(ended.stdout)
  }

  const [factor] = await twilio('factors:create', { 'friendly-name': 'Taylor\'s Account Name', 'factor-type': 'totp' })
  t.match(factor, { serviceSid, identity: IDENTITY, status: 'unverified', friendlyName: 'Taylor\'s Account Name' })
  const phone = authenticator(factor.binding.secret)

  const [verified] = await twilio('factors:update', { sid: factor.sid, 'auth-payload': phone.code(now()) })
  t.match(verified, { sid: factor.sid, status: 'verified' })
  await verify.client.verify.v2.services(serviceSid).entities(IDENTITY).newFactors
    .create({ friendlyName: 'Spare', factorType: 'totp' })
  const listed = await twilio('factors:list', { 'page-size': '1' })
  t.equal(listed.length, 2, 'over pages of one factor')

  wait(30)
  const challenge = async (code: string) => await twilio('challenges:create', { 'factor-sid': factor.sid, 'auth-payload': code })
  t.match(await challenge(phone.code(now())), [{ status: 'approved', factorSid: factor.sid }])
  const [pending] = await challenge(phone.wrongCode(now()))
  t.match(pending, { status: 'pending' })
  wait(30)
  const [approved] = await twilio('challenges:update', { sid: pending.sid, 'auth-payload': phone.code(now()) })
  t.match(approved, { sid: pending.sid, status: 'approved' })
})
