import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { qrCode } from '../../src/qr.js'
import { authenticator } from '../authenticator.js'
import { scanned } from '../example/camera.js'
import { lacking } from '../example/programs.js'
import { standIn, type StandIn } from '../verify-api/stand-in.js'
import { run } from './command.js'

/** The shell commands from Twilio's documentation. */
const STEPS = {
  createService: String.raw`
    curl -X POST "https://verify.twilio.com/v2/Services" \
    --data-urlencode "FriendlyName=My First Verify Service" \
    -u $TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN`,
  createFactor: String.raw`
    curl -X POST "https://verify.twilio.com/v2/Services/$VERIFY_SERVICE_SID/Entities/$IDENTITY/Factors" \
    --data-urlencode "FriendlyName=Taylor's Account Name" \
    --data-urlencode "FactorType=totp" \
    -u $TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN`,
  verifyFactor: String.raw`
    curl -X POST "https://verify.twilio.com/v2/Services/$VERIFY_SERVICE_SID/Entities/$IDENTITY/Factors/$FACTOR_SID" \
    --data-urlencode "AuthPayload=$CODE" \
    -u $TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN`,
  listFactors: String.raw`
    curl -X GET "https://verify.twilio.com/v2/Services/$VERIFY_SERVICE_SID/Entities/$IDENTITY/Factors?PageSize=20" \
    -u $TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN`,
  createChallenge: String.raw`
    curl -X POST "https://verify.twilio.com/v2/Services/$VERIFY_SERVICE_SID/Entities/$IDENTITY/Challenges" \
    --data-urlencode "AuthPayload=$CODE" \
    --data-urlencode "FactorSid=$FACTOR_SID" \
    -u $TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN`,
  updateChallenge: String.raw`
    curl -X POST "https://verify.twilio.com/v2/Services/$VERIFY_SERVICE_SID/Entities/$IDENTITY/Challenges/$CHALLENGE_SID" \
    --data-urlencode "AuthPayload=$CODE" \
    -u $TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN`
}

/** The running server whose `serve --json` output `VERIFY` names, or else a stand-in. */
async function server (t: Test): Promise<Pick<StandIn, 'baseUrl' | 'accountSid' | 'authToken' | 'now'>> {
  const { VERIFY } = process.env
  if (VERIFY === undefined) return await standIn(t)
  return { ...JSON.parse(readFileSync(VERIFY, 'utf8')), now: () => Math.floor(Date.now() / 1000) }
}

t.test('the quickstart works with the curl commands from the documentation', { skip: lacking('curl') }, async t => {
  const { baseUrl, accountSid, authToken, now } = await server(t)
  let env: Record<string, string> = {
    TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, IDENTITY: 'ff483d1ff591898a9942916050d2ca3f'
  }

  async function step (name: keyof typeof STEPS, more: Record<string, string> = {}) {
    env = { ...env, ...more }
    const command = STEPS[name].replace('https://verify.twilio.com', baseUrl)
    const { exitCode, stdout } = await run('sh', ['-c', command], env)
    t.equal(exitCode, 0, name)
    return JSON.parse(stdout)
  }

  const service = await step('createService')
  t.match(service, { account_sid: accountSid, friendly_name: 'My First Verify Service' })
  const factor = await step('createFactor', { VERIFY_SERVICE_SID: service.sid })
  t.match(factor, { service_sid: service.sid, identity: env['IDENTITY'], status: 'unverified', factor_type: 'totp' })
  t.equal(factor.friendly_name, 'Taylor\'s Account Name')

  const uri = new URL(factor.binding.uri)
  t.equal(decodeURIComponent(uri.pathname), '/My First Verify Service:Taylor\'s Account Name')
  t.equal(uri.searchParams.get('secret'), factor.binding.secret)
  await t.test('a phone reads the URI', { skip: lacking('zbarimg') }, async t => {
    const read = await scanned(t.testdir(), await qrCode(factor.binding.uri, 'png'))
    t.equal(read.href, uri.href)
  })
  const phone = authenticator(factor.binding.secret)
  let began = now()
  const verify = async () => await step('verifyFactor', { FACTOR_SID: factor.sid, CODE: phone.code(began - 30) })
  let verified = await verify()
  // The code expires on its way if a time step ends at this moment.
  if (verified.status === 'unverified') {
    began = now()
    verified = await verify()
  }
  t.match(verified, { sid: factor.sid, status: 'verified' })
  t.notOk('binding' in verified)
  const { factors, meta } = await step('listFactors')
  t.match(factors, [{ sid: factor.sid, status: 'verified' }])
  t.match(meta, { page: 0, page_size: 20, key: 'factors', next_page_url: null })

  t.match(await step('createChallenge', { CODE: phone.code(began) }), { status: 'approved', factor_sid: factor.sid })
  const pending = await step('createChallenge', { CODE: phone.wrongCode(now()) })
  t.match(pending, { status: 'pending', date_responded: null })
  const approved = await step('updateChallenge', { CHALLENGE_SID: pending.sid, CODE: phone.code(began + 30) })
  t.match(approved, { sid: pending.sid, status: 'approved', date_responded: String })
})
