import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { memoryStore } from '../../src/index.js'
import { verifyApi, type VerifyApiOptions, type VerifyDocument } from '../../src/verify-api.js'
import { freePort } from '../free-port.js'
import { KEY } from '../site.js'
import { standIn, type StandIn } from '../verify-api/stand-in.js'
import { scanned } from './camera.js'
import { emptyDatabase, lackingServer } from './empty-database.js'
import { dataFolder, runExample, startExample, temporaryFolder, type Ended, type ExampleServer } from './example-server.js'
import { lacking } from './programs.js'
import { environmentOf } from './twilio-environment.js'

const UNAVAILABLE = {
  statusCode: 503,
  code: 'ERR_TOTP_PROVIDER',
  error: 'Service Unavailable',
  message: 'The second factor is unavailable at the moment: try again later.'
}

/** What Verify has of the factors of everybody. */
async function factorsAt ({ client, serviceSid }: StandIn) {
  const verify = client.verify.v2.services(serviceSid)
  const [entity] = await verify.entities.list()
  return entity === undefined ? [] : await verify.entities(entity.identity).factors.list()
}

function saysNothingOf (t: Test, { stdout, stderr }: Ended, secrets: readonly string[]): void {
  for (const secret of secrets) t.notMatch(stdout + stderr, new RegExp(`(?<![\\w.])${secret}\\b`))
}

/** A user's whole life at one server; everything secret that was in it. */
async function live (t: Test, { login }: ExampleServer, verify: StandIn): Promise<string[]> {
  const codes: string[] = []
  const typed = (code: string) => {
    codes.push(code)
    return code
  }

  const alice = await login('alice')
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  const phone = await alice.enroll('png')
  const uri = new URL(phone.uri)
  t.match(decodeURIComponent(uri.pathname), /\/Acme:Gold Vault$/, 'the issuer is the name of the Verify service')
  await t.test('a phone reads the picture', { skip: lacking('zbarimg') }, async t => {
    t.equal((await scanned(t.testdir(), phone.qr)).href, uri.href)
  })
  const path = `/totp/factors/${phone.sid}`
  t.match(await alice.request('POST', `${path}/verify`, { code: typed(phone.wrongCode(verify.now())) }),
    { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  t.match(await alice.request('POST', `${path}/verify`, { code: typed(phone.code(verify.now())) }), { status: 200 })
  t.same((await alice.vault()).json(), { vault: 'gold', identity: 'alice' })
  t.match(await factorsAt(verify), [{ status: 'verified', factorType: 'totp' }])
  const [entity] = await verify.client.verify.v2.services(verify.serviceSid).entities.list()
  t.match(entity?.identity, /^YE[0-9a-f]{32}$/, 'Twilio knows nobody by the name of their log-in')

  t.match(await alice.logout(), { status: 204 })
  t.match(await alice.vault(), { status: 401, code: 'ERR_TOTP_UNIDENTIFIED' })
  await alice.login('alice')
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await alice.challenge(phone.code(verify.now())), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' },
    'the code that verified the factor is spent')
  verify.wait(30)
  t.match(await alice.challenge(typed(phone.wrongCode(verify.now()))), { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' })
  t.match(await alice.challenge(typed(phone.code(verify.now()))), { status: 200 })
  t.match(await alice.vault(), { status: 200 })

  const tablet = await alice.enrollVerified(verify.now())
  verify.wait(30)
  t.match(await alice.challenge(typed(tablet.code(verify.now()))), { status: 400 }, 'it could be of either app')
  t.match(await alice.challenge(tablet.code(verify.now()), tablet.sid), { status: 200 })
  t.match(await alice.request('DELETE', path), { status: 204 })
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  verify.wait(30)
  t.match(await alice.challenge(typed(tablet.code(verify.now()))), { status: 200 }, 'there is one app left')
  t.match(await alice.request('DELETE', `/totp/factors/${tablet.sid}`), { status: 204 })
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  t.same(await factorsAt(verify), [], 'nothing of it is left at Twilio')

  const basic = Buffer.from(`${verify.accountSid}:${verify.authToken}`).toString('base64').replace(/=+$/, '')
  return [verify.authToken, basic, phone.secret, tablet.secret, ...codes]
}

t.test('with Twilio and the embedded database', async t => {
  const store = memoryStore<VerifyDocument>()
  const verify = await standIn(t, { store })
  const env = { ...environmentOf(verify), LOG_LEVEL: 'trace' }
  const server = await startExample(t, { dataDir: await dataFolder(t), env })
  let secrets: string[] = []

  await t.test('from the first log-in to the last app that goes', async t => {
    secrets = await live(t, server, verify)
  })

  await t.test('while Twilio is away nobody gets in who wasn\'t; then all goes on as it was', async t => {
    const alice = await server.login('alice')
    await alice.enrollVerified(verify.now())
    const bob = await server.login('bob')
    const phone = await bob.enrollVerified(verify.now())
    await bob.login('bob')
    const carol = await server.login('carol')
    const dave = await server.login('dave')
    const watch = await dave.enroll()
    verify.wait(30)

    await verify.app.close()
    const unenrolled = await carol.request('POST', '/totp/factors', {})
    t.match(unenrolled, { status: 503 })
    t.same(unenrolled.json(), UNAVAILABLE)
    const unapproved = await bob.challenge(phone.code(verify.now()))
    t.match(unapproved, { status: 503 })
    t.same(unapproved.json(), UNAVAILABLE)
    const verifyDave = async () =>
      await dave.request('POST', `/totp/factors/${watch.sid}/verify`, { code: watch.code(verify.now()) })
    const unverified = await verifyDave()
    t.same(unverified.json(), UNAVAILABLE)
    t.match(await bob.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
    t.match(await carol.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
    t.match(await dave.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
    t.match(await alice.vault(), { status: 200 }, 'who was approved still is')
    t.match(await server.guest().request('GET', '/healthz'), { status: 200 })

    await standInAgain(t, verify, store)
    t.match(await bob.challenge(phone.code(verify.now())), { status: 200 }, 'a code that was never sent is not spent')
    t.match(await bob.vault(), { status: 200 })
    t.match(await verifyDave(), { status: 200 })
    await carol.enrollVerified(verify.now())
    t.match(await carol.vault(), { status: 200 })
  })

  const ended = await server.end('SIGTERM')
  t.match(ended, { exitCode: 0, stderr: 'incoming request' })
  t.match(ended.stderr, /Twilio gave no readable answer: ECONNREFUSED/)
  saysNothingOf(t, ended, secrets)
})

t.test('with Twilio and PostgreSQL, from the first log-in to the last app that goes', { skip: lackingServer }, async t => {
  const verify = await standIn(t)
  const env = { ...environmentOf(verify), DATABASE_URL: await emptyDatabase(t), LOG_LEVEL: 'trace' }
  const server = await startExample(t, { dataDir: await temporaryFolder(t), env })
  const secrets = await live(t, server, verify)
  const ended = await server.end('SIGTERM')
  t.match(ended, { exitCode: 0, stderr: 'incoming request' })
  saysNothingOf(t, ended, secrets)
})

t.test('apps enrolled before Twilio go on working; those at Twilio need it', async t => {
  const verify = await standIn(t)
  const dataDir = await dataFolder(t)
  const before = await startExample(t, { dataDir, port: await freePort() })
  const alice = await before.login('alice')
  const old = await alice.enrollEarly(before.now)
  await before.end('SIGTERM')

  const during = await startExample(t, { dataDir, port: before.port, env: environmentOf(verify) })
  await alice.login('alice')
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await alice.challenge(old.code(during.now())), { status: 200 })
  const phone = await alice.enrollVerified(verify.now())
  verify.wait(30)
  t.match(await alice.challenge(phone.code(verify.now())), { status: 200 }, 'one of each need not be told apart')
  await during.end('SIGTERM')

  const after = await startExample(t, { dataDir, port: before.port, later: 60 })
  await alice.login('alice')
  verify.wait(30)
  const refused = await alice.challenge(phone.code(verify.now()), phone.sid)
  t.match(refused, { status: 503 })
  t.same(refused.json(), UNAVAILABLE)
  t.match(await alice.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await alice.challenge(old.code(after.now())), { status: 200 })
  t.match((await after.end('SIGTERM')).stderr,
    `a factor is kept by the Verify service ${verify.serviceSid}, which is neither`)
})

t.test('half of Twilio\'s variables stop the start with one line that names the others', async t => {
  const token = 'a token that nobody should read'
  const env = { DATA_DIR: await temporaryFolder(t), TWILIO_AUTH_TOKEN: token }
  const { exitCode, stdout, stderr } = await runExample(t, env).ended
  t.match({ exitCode, stdout }, { exitCode: 1, stdout: '' })
  t.match(stderr, /^[^\n]+: TWILIO_ACCOUNT_SID and TWILIO_VERIFY_SERVICE_SID must be set too[^\n]*\n$/)
  t.notMatch(stderr, token)
})

/** The same stand-in, started anew where it was. */
async function standInAgain (
  t: Test, { accountSid, authToken, now: clock, baseUrl }: StandIn, store: VerifyApiOptions['store']
): Promise<void> {
  const app = Fastify()
  t.after(async () => await app.close())
  await app.register(verifyApi, { store, keys: [KEY], accountSid, authToken, clock })
  await app.listen({ host: '127.0.0.1', port: Number(new URL(baseUrl).port) })
}
