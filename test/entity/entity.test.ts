import fc from 'fast-check'
import t from 'tap'
import { hashOf, newMark } from '../../src/entity/mark.js'
import { newRecoveryCode } from '../../src/entity/recovery-codes.js'
import { newReservation } from '../../src/entity/attempts.js'
import {
  entityOf, MAX_FACTORS, MAX_RECOVERY_CODES, MAX_SESSIONS, newEntity, newSid, noAttempts
} from '../../src/entity/entity.js'
import {
  approvalWith, entityWith, NOW, passWith, recoveredWith, unverifiedFactor, verifiedFactor
} from './documents.js'

const REMOTE = { serviceSid: `VA${'0'.repeat(32)}`, identity: newSid('YE'), sid: newSid('YF') }
const factor = verifiedFactor()
const base = entityWith({ factors: [factor] })
const mark = newMark()
const full = {
  ...base,
  unverified: unverifiedFactor(mark, base.generation),
  attempts: {
    ...noAttempts(NOW),
    failures: 5,
    lockedAt: NOW,
    tally: 5,
    disabledAt: NOW,
    pending: [newReservation(factor.sid, hashOf(mark), NOW)]
  },
  approvals: [approvalWith(mark, base), recoveredWith(newMark(), base, 'recovery')],
  recoveryCodes: [hashOf('a recovery code')],
  pass: passWith(base),
  withdrawn: [{ hash: hashOf(newMark()), at: NOW }],
  leftovers: [{ sid: newSid('YF'), remote: REMOTE, tag: hashOf(mark) }]
}

t.test('a new entity has no factor, and starts at a random revision and generation', async t => {
  const entities = Array.from({ length: 1000 }, () => newEntity('alice', NOW))
  for (const entity of entities.slice(0, 10)) t.equal(entityOf('alice', copy(entity)).identity, 'alice')
  t.match(entities[0], {
    factors: [], unverified: null, approvals: [], withdrawn: [], recoveryCodes: [], pass: null
  })
  t.same(entities[0]?.attempts, {
    failures: 0, unknown: 0, pending: [], lockedAt: null, tally: 0, tallyAt: NOW, disabledAt: null
  })
  const revisions = entities.map(({ revision }) => revision)
  const generations = entities.map(({ generation }) => generation)
  for (const numbers of [revisions, generations]) {
    t.equal(new Set(numbers).size, 1000)
    t.ok(numbers.every(number => Number.isSafeInteger(number) && number >= 0 && number < 2 ** 48))
    t.ok(numbers.some(number => number > 2 ** 47) && numbers.some(number => number < 2 ** 47), '48 bits are in use')
  }
  t.ok(entities.every(({ revision, generation }) => revision !== generation))
})

t.test('a sid is two letters and 128 random bits', async t => {
  t.match(newSid('YE'), /^YE[0-9a-f]{32}$/)
  t.match(newSid('YF'), /^YF[0-9a-f]{32}$/)
  t.equal(new Set(Array.from({ length: 1000 }, () => newSid('YF'))).size, 1000)
})

t.test('a kept document is read back, even the fullest', async t => {
  t.same(entityOf('alice', copy(full)), full)
  const factors = Array.from({ length: MAX_FACTORS }, () => verifiedFactor())
  const approvals = Array.from({ length: MAX_SESSIONS }, () => approvalWith(newMark(), base))
  const recoveryCodes = Array.from({ length: MAX_RECOVERY_CODES }, newHash)
  const fullest = {
    ...full, factors, approvals, recoveryCodes, withdrawn: approvals.map(({ hash, at }) => ({ hash, at }))
  }
  t.same(entityOf('alice', copy(fullest)), fullest)
  t.same(entityOf('alice', copy({ ...full, unverified: { ...full.unverified, hash: null } })).unverified?.hash, null)
})

t.test('a document of another identity is refused', async t => {
  for (const name of ['bob', 'Alice', 'alice ', '', 'аlice']) {
    t.throws(() => entityOf(name, copy(full)), { message: 'the document belongs to another identity' }, JSON.stringify(name))
  }
  t.throws(() => entityOf('\u00e9', entityWith({ identity: 'e\u0301' })))
})

t.test('a document with a factor twice is refused', async t => {
  const twice = { message: 'the document has a factor twice' }
  t.throws(() => entityOf('alice', copy({ ...full, factors: [factor, factor] })), twice)
  t.throws(() => entityOf('alice', copy({ ...full, unverified: { ...full.unverified, sid: factor.sid } })), twice)
})

t.test('anything that is no document is refused', async t => {
  const junk = [
    undefined, true, 1, 'entity', '', [], {}, [copy(full)], JSON.stringify(full), () => full, { rowCount: 0 }
  ]
  for (const stored of junk) t.throws(() => entityOf('alice', stored), /does not fit its schema/)
})

t.test('a document with anything wrong, missing or added is refused, and never repaired', async t => {
  const wrong: Array<[string, Change]> = [
    ['a later format', { format: 2 }],
    ['no format', { format: undefined }],
    ['a format in text', { format: '1' }],
    ['a revision in text', { revision: '7' }],
    ['a negative revision', { revision: -1 }],
    ['a fractional revision', { revision: 1.5 }],
    ['an unsafe revision', { revision: 2 ** 53 }],
    ['no generation', { generation: null }],
    ['an identity that isn\'t text', { identity: 5 }],
    ['no identity', { identity: undefined }],
    ['a sid of another kind', { sid: newSid('YF') }],
    ['a sid with a line feed', { sid: `${newSid('YE')}\n` }],
    ['factors that aren\'t a list', { factors: {} }],
    ['no factors', { factors: undefined }],
    ['too many factors', { factors: Array.from({ length: MAX_FACTORS + 1 }, () => verifiedFactor()) }],
    ['no unverified, not even null', { unverified: undefined }],
    ['an unverified factor that is verified', { unverified: verifiedFactor() }],
    ['a verified factor that is unverified', { factors: [full.unverified] }],
    ['no attempts', { attempts: undefined }],
    ['attempts that are null', { attempts: null }],
    ['negative failures', { attempts: { ...full.attempts, failures: -1 } }],
    ['failures in text', { attempts: { ...full.attempts, failures: '0' } }],
    ['a lock that is false', { attempts: { ...full.attempts, lockedAt: false } }],
    ['a lock without a beginning', { attempts: { ...full.attempts, lockedAt: undefined } }],
    ['a disabled state of another kind', { attempts: { ...full.attempts, disabledAt: 'no' } }],
    ['milliseconds', { attempts: { ...full.attempts, disabledAt: NOW * 1000 } }],
    ['one approval too many', {
      approvals: Array.from({ length: MAX_SESSIONS + 1 }, () => approvalWith(newMark(), base))
    }],
    ['an approval with the mark itself', { approvals: [{ ...approvalWith(mark, base), hash: mark }] }],
    ['an approval without former marks', { approvals: [{ ...approvalWith(mark, base), formerMarks: undefined }] }],
    ['an approval of no factor', { approvals: [{ ...approvalWith(mark, base), factorSid: null }] }],
    ['an approval by a recovery code and a factor', {
      approvals: [{ ...recoveredWith(mark, base, 'recovery'), factorSid: factor.sid }]
    }],
    ['an approval by a pass and a factor', { approvals: [{ ...recoveredWith(mark, base, 'pass'), factorSid: factor.sid }] }],
    ['an approval without a method', { approvals: [{ ...approvalWith(mark, base), method: undefined }] }],
    ['an approval by another method', { approvals: [{ ...recoveredWith(mark, base, 'pass'), method: 'remembered' }] }],
    ['an approval without generation', { approvals: [{ ...approvalWith(mark, base), generation: undefined }] }],
    ['one withdrawn mark too many', {
      withdrawn: Array.from({ length: MAX_SESSIONS + 1 }, () => ({ hash: hashOf(newMark()), at: NOW }))
    }],
    ['a withdrawn mark without a time', { withdrawn: [{ hash: hashOf(mark) }] }],
    ['no recovery codes', { recoveryCodes: undefined }],
    ['recovery codes that are null', { recoveryCodes: null }],
    ['one recovery code too many', { recoveryCodes: Array.from({ length: MAX_RECOVERY_CODES + 1 }, newHash) }],
    ['a recovery code itself', { recoveryCodes: [newRecoveryCode()] }],
    ['no pass, not even null', { pass: undefined }],
    ['a pass of a fraction', { pass: { ...full.pass, life: 0.5 } }],
    ['a pass itself', { pass: { ...full.pass, hash: newRecoveryCode() } }],
    ['a pass of no operator', { pass: { ...full.pass, by: '' } }],
    ['a pass without generation', { pass: { ...full.pass, generation: undefined } }],
    ['an unknown field', { approved: true }],
    ['a prototype', { ['__proto__']: { approved: true } }]
  ]
  for (const [name, change] of wrong) {
    t.throws(() => entityOf('alice', changed(change)), /does not fit its schema/, name)
  }
})

t.test('a factor with anything wrong is refused', async t => {
  const wrong: Array<[string, Change]> = [
    ['no sid', { sid: undefined }],
    ['a sid of another kind', { sid: newSid('YE') }],
    ['a sid in upper case', { sid: newSid('YF').toUpperCase() }],
    ['an empty secret', { sealed: '' }],
    ['no secret', { sealed: null }],
    ['a huge secret', { sealed: 'a'.repeat(513) }],
    ['a secret in bytes', { sealed: [1, 2, 3] }],
    ['a status', { status: 'VERIFIED ' }],
    ['another provider', { provider: 'someone' }],
    ['no friendly name', { friendlyName: '' }],
    ['a friendly name with a colon', { friendlyName: 'a:b' }],
    ['no verification', { verifiedAt: null }],
    ['a last step in text', { lastStep: '60000000' }],
    ['a negative last step', { lastStep: -1 }],
    ['no last step', { lastStep: undefined }],
    ['a last use that is no number', { lastUsedAt: 'now' }],
    ['no config', { config: undefined }],
    ['an unknown hash', { config: { ...factor.config, alg: 'md5' } }],
    ['a hash in upper case', { config: { ...factor.config, alg: 'SHA1' } }],
    ['a length in text', { config: { ...factor.config, codeLength: '6' } }],
    ['5 digits', { config: { ...factor.config, codeLength: 5 } }],
    ['100 digits', { config: { ...factor.config, codeLength: 100 } }],
    ['no time step', { config: { ...factor.config, timeStep: 0 } }],
    ['a time step of a fraction', { config: { ...factor.config, timeStep: 30.5 } }],
    ['a wide skew', { config: { ...factor.config, skew: 2 } }],
    ['a negative skew', { config: { ...factor.config, skew: -1 } }],
    ['more config', { config: { ...factor.config, window: 99 } }]
  ]
  for (const [name, change] of wrong) {
    t.throws(() => entityOf('alice', changed({ factors: [{ ...factor, ...change }] })),
      /does not fit its schema: document\/factors\/0/, name)
  }
  const wrongUnverified = [
    { failures: '0' }, { hash: mark }, { hash: undefined }, { generation: undefined }, { lastStep: 0 }
  ]
  for (const change of wrongUnverified) {
    t.throws(() => entityOf('alice', changed({ unverified: { ...full.unverified, ...change } })),
      /does not fit its schema: document\/unverified/, JSON.stringify(change))
  }
})

t.test('a field of any other type, or its absence, is refused wherever it is', async t => {
  const places: Path[] = []
  visit(copy(full), [], path => places.push(path))
  t.ok(places.length > 40)
  const strange = fc.constantFrom<unknown>(undefined, [], {}, true, Symbol.iterator.toString(), -1, 0.5, '\0', NaN)
  t.doesNotThrow(() => fc.assert(fc.property(fc.constantFrom(...places), strange, (path, value) => {
    if (path.join('.') === 'identity' || isEmptied(path, value)) return true
    try {
      entityOf('alice', copy(replaced(full, path, value)))
      return false
    } catch {
      return true
    }
  }), { numRuns: 1000 }))
})

t.test('a refusal names the place and quotes nothing of the document', async t => {
  const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
  const documents = [
    changed({ [secret]: 1 }), changed({ identity: [secret] }),
    changed({ factors: [{ ...factor, [secret]: 1 }] }),
    changed({ factors: [{ ...factor, config: { ...factor.config, alg: secret } }] }), secret, [secret],
    changed({ attempts: secret }), { [secret]: secret }, entityWith({ identity: secret })
  ]
  for (const stored of documents) {
    try {
      entityOf('alice', stored)
      t.fail('accepted')
    } catch (error) {
      t.notMatch(String(error instanceof Error ? error.message : error), secret)
      t.notMatch(String(error instanceof Error ? error.message : error), 'alice')
    }
  }
  t.throws(() => entityOf('alice', changed({ factors: [{ ...factor, sealed: 5 }] })), {
    message: 'the document does not fit its schema: document/factors/0/sealed must be string'
  })
  const message = 'the document does not fit its schema: document must be object'
  t.throws(() => entityOf('alice', 5), { message })
})

function newHash (): string {
  return hashOf(newMark())
}

type Change = Record<string, unknown>
type Path = Array<string | number>

/** As a store would return it. */
function copy (document: unknown): unknown {
  return document === undefined ? undefined : JSON.parse(JSON.stringify(document))
}

function changed (change: Change): unknown {
  const document = { ...full }
  for (const [name, value] of Object.entries(change)) {
    Object.defineProperty(document, name, { value, enumerable: true, configurable: true, writable: true })
  }
  return copy(document)
}

/** Every place of a document. */
function visit (value: unknown, path: Path, found: (path: Path) => void): void {
  if (path.length > 0) found(path)
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) visit(inner, [...path, name], found)
}

function replaced (value: unknown, [name, ...rest]: Path, replacement: unknown): unknown {
  if (name === undefined) return replacement
  if (Array.isArray(value)) {
    return value.map((inner, index) => String(index) === name ? replaced(inner, rest, replacement) : inner)
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) =>
    [key, key === name ? replaced(inner, rest, replacement) : inner]))
}

/** Lists may be empty, names may be of any kind, JSON has null for NaN and in lists for undefined. */
function isEmptied (path: Path, value: unknown): boolean {
  const name = String(path.at(-1))
  return (Array.isArray(value) && ['factors', 'approvals', 'withdrawn', 'formerMarks', 'enrolledAt', 'pending', 'recoveryCodes', 'browsers', 'leftovers'].includes(name)) ||
    (typeof value === 'string' && value !== '\0' && ['friendlyName', 'sealed', 'movingTo', 'by'].includes(name)) ||
    (value === '\0' && name === 'sealed') ||
    (Number.isNaN(value) && ['unverified', 'lockedAt', 'disabledAt', 'movingTo', 'pass'].includes(name)) ||
    (Number.isNaN(value) && ['unverified.hash'].includes(path.join('.')))
}
