import { randomBytes } from 'node:crypto'
import t from 'tap'
import { entityOf, MAX_BROWSERS, MAX_RECOVERY_CODES, newSid } from '../../src/entity/entity.js'
import { fullestEmbedded, fullestTwilio, IDENTITY } from './fullest.js'
import { keyring } from './verifier.js'
import { bytesOf } from './watched-store.js'

const KIB = 1024

t.test('a document at all its caps fits its schema, and stays under 64 KiB, or 192 KiB with Twilio', async t => {
  const sealed = keyring.seal(randomBytes(20), { identity: IDENTITY, factorSid: newSid('YF') })
  const fullest = [[fullestEmbedded(sealed), 64 * KIB], [fullestTwilio(), 192 * KIB]] as const
  for (const [document, most] of fullest) {
    t.equal(document.browsers.length, MAX_BROWSERS)
    t.equal(document.recoveryCodes.length, MAX_RECOVERY_CODES)
    t.not(document.pass, null)
    const size = bytesOf(document)
    t.ok(size <= most, `${size} bytes`)
    const own = document.factors.map(factor => ({ ...factor, sid: newSid('YF') }))
    t.ok(entityOf(IDENTITY, JSON.parse(JSON.stringify({ ...document, factors: own }))))
    const browsers = [...document.browsers, ...document.browsers.slice(0, 1)]
    const another = { ...document, factors: own, browsers }
    t.throws(() => entityOf(IDENTITY, another), /browsers must have no more than 16 items/)
  }
})
