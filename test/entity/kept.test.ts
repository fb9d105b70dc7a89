import t from 'tap'
import { newEntity, newSid, type Entity } from '../../src/entity/entity.js'
import { keptAbout } from '../../src/entity/kept.js'

const AT = 1_800_000_000
const CONFIG = { alg: 'sha1', codeLength: 6, timeStep: 30, skew: 1 } as const
const REMOTE = { serviceSid: `VA${'0'.repeat(32)}`, identity: newSid('YE'), sid: newSid('YF') }
const CHALLENGE = { sid: `YC${'0'.repeat(32)}`, tries: 2, at: AT }
/** Stands where a secret is, and a thing that proves one. */
const SECRET = 'secret'.padEnd(43, '!')

const [phone, atTwilio, unverified] = [newSid('YF'), newSid('YF'), newSid('YF')]
const enrolled = { friendlyName: 'Phone', config: CONFIG, createdAt: AT }
const verified = { ...enrolled, verifiedAt: AT + 1, lastUsedAt: AT + 2 }

const entity: Entity = {
  ...newEntity('alice', AT),
  movingTo: 'carol',
  factors: [
    { ...verified, sid: phone, provider: 'embedded', sealed: SECRET, lastStep: 60_000_000 },
    {
      ...verified,
      sid: atTwilio,
      provider: 'twilio',
      remote: REMOTE,
      tag: SECRET,
      spent: [{ digest: SECRET, at: AT + 3 }],
      challenge: CHALLENGE,
      created: [AT + 4]
    }
  ],
  unverified: {
    ...enrolled,
    sid: unverified,
    provider: 'twilio',
    remote: REMOTE,
    tag: SECRET,
    hash: SECRET,
    generation: 1,
    failures: 3,
    askedAt: AT + 5
  },
  enrolledAt: [AT],
  attempts: {
    failures: 4,
    unknown: 1,
    pending: [{ id: SECRET, factorSid: atTwilio, digest: SECRET, at: AT + 6 }],
    lockedAt: AT + 7,
    tally: 9,
    tallyAt: AT,
    disabledAt: AT + 8
  },
  approvals: [{ hash: SECRET, formerMarks: [SECRET], method: 'totp', factorSid: phone, at: AT + 9, generation: 1 }],
  withdrawn: [{ hash: SECRET, at: AT + 10 }],
  browsers: [{
    sid: `YB${'1'.repeat(32)}`, hash: SECRET, name: 'Safari on macOS', approval: SECRET, at: AT + 11, generation: 1
  }],
  recoveryCodes: [SECRET, `${SECRET}?`],
  pass: { hash: SECRET, by: 'anna', at: AT, life: 600, generation: 1 },
  leftovers: [{ sid: phone, remote: REMOTE, tag: SECRET }]
}

/** Says nothing about a user: counters, and the version of the layout. */
const COUNTERS = ['format', 'revision', 'generation']
/** Whose place in the answer has another name. */
const RENAMED = new Map([['withdrawn', 'withdrawnAt'], ['recoveryCodes', 'recovery']])

t.test('what is kept is shown, without secrets and without what proves one', async t => {
  t.strictSame(keptAbout(entity), {
    identity: 'alice',
    sid: entity.sid,
    movingTo: 'carol',
    factors: [
      {
        ...verified,
        sid: phone,
        status: 'verified',
        provider: 'embedded',
        remote: null,
        lastStep: 60_000_000,
        spentAt: [],
        challenge: null,
        challengedAt: [],
        failures: 0,
        askedAt: null
      },
      {
        ...verified,
        sid: atTwilio,
        status: 'verified',
        provider: 'twilio',
        remote: REMOTE,
        lastStep: null,
        spentAt: [AT + 3],
        challenge: CHALLENGE,
        challengedAt: [AT + 4],
        failures: 0,
        askedAt: null
      }
    ],
    unverified: {
      ...enrolled,
      sid: unverified,
      status: 'unverified',
      verifiedAt: null,
      lastUsedAt: null,
      provider: 'twilio',
      remote: REMOTE,
      lastStep: null,
      spentAt: [],
      challenge: null,
      challengedAt: [],
      failures: 3,
      askedAt: AT + 5
    },
    enrolledAt: [AT],
    attempts: {
      failures: 4,
      unknown: 1,
      pending: [{ factorSid: atTwilio, at: AT + 6 }],
      tally: 9,
      tallyAt: AT,
      lockedAt: AT + 7,
      disabledAt: AT + 8
    },
    approvals: [{ method: 'totp', factorSid: phone, at: AT + 9 }],
    withdrawnAt: [AT + 10],
    browsers: [{ sid: `YB${'1'.repeat(32)}`, name: 'Safari on macOS', at: AT + 11 }],
    recovery: { remaining: 2 },
    pass: { by: 'anna', at: AT, expiresAt: AT + 600 },
    leftovers: [{ sid: phone, remote: REMOTE }]
  })
  t.notMatch(JSON.stringify(keptAbout(entity)), 'secret!')
})

t.test('an empty entity has nothing but its name', async t => {
  t.match(keptAbout(newEntity('alice', AT)), {
    identity: 'alice', movingTo: null, factors: [], unverified: null, approvals: [], recovery: { remaining: 0 }, pass: null
  })
})

t.test('no part of an entity is forgotten', async t => {
  const shown = [...Object.keys(keptAbout(entity)), ...COUNTERS]
  t.strictSame(Object.keys(entity).filter(name => !shown.includes(RENAMED.get(name) ?? name)), [])
  t.strictSame(Object.keys(entity.attempts).sort(), Object.keys(keptAbout(entity).attempts).sort())
})
