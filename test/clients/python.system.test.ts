import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { authenticator } from '../authenticator.js'
import { ROOT } from '../root.js'
import { standIn } from '../verify-api/stand-in.js'
import { run } from './command.js'

const QUICKSTART = join(ROOT, 'test/clients/quickstart.py')
/**
 * A Python with Twilio's helper library. A library from the system's packages is only in the system's Python.
 */
const python = ['python3', '/usr/bin/python3'].find(program =>
  spawnSync(program, ['-c', 'import twilio.rest']).status === 0)

t.test('the quickstart works with Twilio\'s helper library for Python', {
  skip: python === undefined && 'needs python3 with twilio'
}, async t => {
  const { baseUrl, accountSid, authToken, serviceSid, now } = await standIn(t)
  const env = {
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    TWILIO_VERIFY_BASE_URL: baseUrl,
    VERIFY_SERVICE_SID: serviceSid
  }
  const { exitCode, stdout, stderr } = await run(python ?? '', [QUICKSTART], env, output => {
    const { code, wrongCode } = authenticator(JSON.parse(output).secret)
    return [code(now() - 30), wrongCode(now()), code(now()), code(now() + 30)].join('\n') + '\n'
  })
  t.equal(exitCode, 0, stderr)

  const [factor, verified, listed, challenge, pending, errors] = stdout.trim().split('\n').map(line => JSON.parse(line))
  t.match(factor, { sid: /^YF[0-9a-f]{32}$/, status: 'unverified', name: 'Taylor\'s Account Name' })
  t.match(factor.uri, `?secret=${factor.secret}&issuer=Acme`)
  t.match(verified, { status: 'verified' })
  t.same(listed.names.toSorted(), ['Spare 0', 'Spare 1', 'Spare 2', 'Taylor\'s Account Name'], 'over pages of one factor')
  const time = new Date(now() * 1000).toISOString().replace('T', ' ').replace('.000Z', '+00:00')
  t.match(listed, { created: time }, 'dates are parsed')
  t.match(challenge, { status: 'approved', responded: time })
  t.match(pending, { before: 'pending', after: 'approved' })
  t.same(errors, { missing: [404, 20404], refused: [403, 60318] }, 'refusals are exceptions with Twilio\'s codes')
})
