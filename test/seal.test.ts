import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { createKeyring, UnsealableError } from '../src/seal.js'

const [KEY, OTHER, THIRD] = [randomBytes(32), randomBytes(32), randomBytes(32)]
const CONTEXT = { identity: 'alice', factorSid: 'YF00000000000000000000000000000001' }
const SECRET = Buffer.from('12345678901234567890')
const keyring = createKeyring([KEY])

t.test('a sealed secret opens again', async t => {
  t.same(keyring.open(keyring.seal(SECRET, CONTEXT), CONTEXT), { secret: SECRET, stale: false })
  const secret = fc.uint8Array({ minLength: 1, maxLength: 128 })
  const identity = fc.string({ unit: 'binary' })
  t.doesNotThrow(() => fc.assert(fc.property(secret, identity, (secret, identity) => {
    const context = { ...CONTEXT, identity }
    return keyring.open(keyring.seal(secret, context), context).secret.equals(secret)
  })))
})

/** Bytes 0 to 31. */
const FIXED = Buffer.from(Array.from({ length: 32 }, (_, index) => index))
/** What the first release made of `FIXED`. Stored documents depend on it: a change of it is a new format number. */
const GOLDEN = {
  keyId: 'XMEwOMzphZA',
  sealed: 'XMEwOMzphZA.G3XvqfrQoV6LFYYv.YwyOq-3X2QQe7yvyJUpPHy6lujjuj7nJOtihGS2NQG-6aqMd',
  digest: '0VKuLSzsMle5-0F4Y_TwuEEfL3ht6bjltiL0wwkczKQ',
  tag: 'j_QrDMxk_1VNr_P6kXchE_dxXj1rulEjD8HEXkDqD_U'
}

t.test('the sealed format is that of the first release', async t => {
  const fixed = createKeyring([FIXED])
  t.same(fixed.open(GOLDEN.sealed, CONTEXT), { secret: SECRET, stale: false })
  t.equal(fixed.seal(SECRET, CONTEXT).split('.')[0], GOLDEN.keyId)
  t.strictSame(fixed.digests('123456', CONTEXT), [GOLDEN.digest])
  t.strictSame(fixed.tags('text', CONTEXT), [GOLDEN.tag])
})

t.test('seals, digests and tags have keys of their own, and none is the key itself', async t => {
  const fixed = createKeyring([FIXED])
  const [digest] = fixed.digests('text', CONTEXT)
  t.not(digest, GOLDEN.tag, 'the digest of a text is not its tag')
  for (const key of [FIXED, derived('digest'), derived('tag')]) {
    t.throws(() => fixed.open(sealedBy(key), CONTEXT), tampered)
  }
  t.same(fixed.open(sealedBy(derived('seal')), CONTEXT).secret, SECRET)
})

t.test('a shortened authentication tag is refused', async t => {
  const [id = '', nonce = '', box = ''] = GOLDEN.sealed.split('.')
  const text = Buffer.from(box, 'base64url')
  const fixed = createKeyring([FIXED])
  for (let bytes = 4; bytes < 16; bytes++) {
    const cut = text.subarray(0, SECRET.length + bytes).toString('base64url')
    t.throws(() => fixed.open(`${id}.${nonce}.${cut}`, CONTEXT), tampered, `${bytes} bytes`)
    // A tag of 4 bytes would be guessed in an afternoon.
    const [sealed, tag] = [text.subarray(0, SECRET.length), text.subarray(SECRET.length, SECRET.length + bytes)]
    t.throws(() => fixed.open(`${id}.${nonce}.${Buffer.concat([sealed, tag]).toString('base64url')}`, CONTEXT), tampered)
  }
  const short = sealedBy(derived('seal'), 4)
  t.throws(() => fixed.open(short, CONTEXT), tampered, 'one that was made short')
})

t.test('a seal has one spelling', async t => {
  const [id = '', nonce = '', box = ''] = sealOf(secret => /[-_]/.test(secret)).split('.')
  const spellings = [
    `${id}.${nonce}.${box}=`, `${id}.${nonce}.${box}==`, `${id}.${nonce}=.${box}`, `${id}.${nonce}.${box} `,
    `${id}. ${nonce}.${box}`, `${id}.${nonce}.${box}\n`, `${id}.${nonce}.${box}.`, `${id}.${nonce}.${box}.AAAA`,
    `${id}.${nonce}.${box.replaceAll('-', '+').replaceAll('_', '/')}`, `${id}.${nonce}.${box.slice(0, 8)}*${box.slice(8)}`
  ]
  t.ok(isOpened(`${id}.${nonce}.${box}`))
  for (const spelling of spellings) t.notOk(isOpened(spelling), spelling.replace(box, 'box'))

  const short = keyring.seal(SECRET.subarray(0, 16), CONTEXT)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(short.slice(-1))
  for (const stray of [1, 2, 3]) t.notOk(isOpened(short.slice(0, -1) + alphabet[last ^ stray]), 'bits beyond the last byte')
})

t.test('a seal with a nonce of another length doesn\'t open', async t => {
  const fixed = createKeyring([FIXED])
  t.throws(() => fixed.open(sealedBy(derived('seal'), 16, 16), CONTEXT), tampered)
  t.throws(() => fixed.open(sealedBy(derived('seal'), 16, 8), CONTEXT), tampered)
})

t.test('a seal fits into a document and shows nothing of secret, key, identity', async t => {
  const sealed = keyring.seal(SECRET, CONTEXT)
  t.match(sealed, /^[\w-]{11}\.[\w-]{16}\.[\w-]{48}$/)
  t.ok(keyring.seal(Buffer.alloc(128, 'ab'), CONTEXT).length <= 512, 'the longest secret too')
  const bytes = Buffer.concat(sealed.split('.').map(part => Buffer.from(part, 'base64url')))
  for (const hidden of [SECRET, SECRET.subarray(0, 6), KEY, KEY.subarray(0, 6), Buffer.from('alice')]) {
    t.equal(bytes.indexOf(hidden), -1)
  }
})

t.test('one secret is sealed differently each time', async t => {
  const seals = Array.from({ length: 1000 }, () => keyring.seal(SECRET, CONTEXT).split('.'))
  t.equal(new Set(seals.map(([id]) => id)).size, 1)
  t.equal(new Set(seals.map(([, nonce]) => nonce)).size, 1000)
  t.equal(new Set(seals.map(([, , box]) => box)).size, 1000)
})

t.test('a seal doesn\'t open for another identity or factor', async t => {
  const sealed = keyring.seal(SECRET, CONTEXT)
  const others = [
    { ...CONTEXT, identity: 'bob' }, { ...CONTEXT, identity: 'Alice' }, { ...CONTEXT, identity: '' },
    { ...CONTEXT, factorSid: 'YF00000000000000000000000000000002' }, { ...CONTEXT, factorSid: '' },
    { identity: CONTEXT.factorSid, factorSid: CONTEXT.identity },
    { identity: `alice","${CONTEXT.factorSid}`, factorSid: '' }
  ]
  for (const context of others) t.throws(() => keyring.open(sealed, context), tampered)
})

t.test('identities with quotes and commas aren\'t confused', async t => {
  const sealed = keyring.seal(SECRET, { identity: 'a","b', factorSid: 'c' })
  t.throws(() => keyring.open(sealed, { identity: 'a', factorSid: 'b","c' }), tampered)
})

t.test('no bit of a seal can be changed', async t => {
  const [id = '', ...parts] = keyring.seal(SECRET, CONTEXT).split('.')
  for (const [index, part] of parts.entries()) {
    const seals = flips(part).map(flipped => [id, ...parts.with(index, flipped)].join('.'))
    t.same(seals.filter(isOpened), [], `part ${index + 1}`)
  }
  for (const flipped of flips(id)) {
    t.throws(() => keyring.open([flipped, ...parts].join('.'), CONTEXT), unknown)
  }
})

t.test('a seal that is cut, empty or malformed doesn\'t open', async t => {
  const sealed = keyring.seal(SECRET, CONTEXT)
  const [id = '', nonce = '', box = ''] = sealed.split('.')
  for (let length = 0; length < sealed.length; length++) t.notOk(isOpened(sealed.slice(0, length)))
  const wrong = [
    `${id}..${box}`, `${id}.${nonce}.`, `${id}..`, `${id}.${box}.${nonce}`, `${id}.${nonce}.${box.slice(0, 22)}`,
    `.${nonce}.${box}`, `${nonce}.${id}.${box}`, '', '.', '..', '__proto__..', 'constructor..', 'null', ' ', '\0'
  ]
  for (const text of wrong) t.throws(() => keyring.open(text, CONTEXT), UnsealableError, JSON.stringify(text))
})

t.test('parts of two seals can\'t be combined', async t => {
  const bobs = { ...CONTEXT, identity: 'bob' }
  const [mine, his] = [keyring.seal(SECRET, CONTEXT).split('.'), keyring.seal(SECRET, bobs).split('.')]
  t.throws(() => keyring.open(his.join('.'), CONTEXT), tampered)
  t.throws(() => keyring.open([mine[0], mine[1], his[2]].join('.'), CONTEXT), tampered)
  t.throws(() => keyring.open([mine[0], his[1], mine[2]].join('.'), CONTEXT), tampered)
})

t.test('the first key seals, every key opens, and a seal of another key is stale', async t => {
  const old = createKeyring([OTHER]).seal(SECRET, CONTEXT)
  const rotated = createKeyring([KEY, OTHER, THIRD])
  t.same(rotated.open(old, CONTEXT), { secret: SECRET, stale: true })
  t.same(rotated.open(createKeyring([THIRD]).seal(SECRET, CONTEXT), CONTEXT), { secret: SECRET, stale: true })
  const renewed = rotated.seal(SECRET, CONTEXT)
  t.same(rotated.open(renewed, CONTEXT), { secret: SECRET, stale: false })
  t.same(keyring.open(renewed, CONTEXT), { secret: SECRET, stale: false }, 'the first key alone opens it')
  t.throws(() => createKeyring([OTHER]).open(renewed, CONTEXT), unknown)
})

t.test('the keys may be reordered', async t => {
  const sealed = createKeyring([KEY, OTHER]).seal(SECRET, CONTEXT)
  t.same(createKeyring([OTHER, THIRD, KEY]).open(sealed, CONTEXT), { secret: SECRET, stale: true })
  t.same(createKeyring([KEY, THIRD]).open(sealed, CONTEXT), { secret: SECRET, stale: false })
})

t.test('a missing key opens nothing, and neither does a key under another one\'s id', async t => {
  const sealed = createKeyring([OTHER]).seal(SECRET, CONTEXT)
  t.throws(() => keyring.open(sealed, CONTEXT), unknown)
  const [id] = keyring.seal(SECRET, CONTEXT).split('.')
  t.throws(() => keyring.open([id, ...sealed.split('.').slice(1)].join('.'), CONTEXT), tampered)
})

t.test('a key may be any bytes, not only a Buffer', async t => {
  t.same(createKeyring([new Uint8Array(KEY)]).open(keyring.seal(SECRET, CONTEXT), CONTEXT).secret, SECRET)
})

t.test('a keyring needs a key', async t => {
  t.throws(() => createKeyring([]), { constructor: TypeError, message: 'a keyring needs a key' })
})

t.test('the reason why a seal doesn\'t open quotes nothing of it', async t => {
  const sealed = keyring.seal(SECRET, CONTEXT)
  const others = createKeyring([OTHER]).seal(SECRET, CONTEXT)
  for (const text of [sealed.slice(1), `${sealed.slice(0, 40)}AAAA`, others]) {
    try {
      keyring.open(text, CONTEXT)
      t.fail('opened')
    } catch (error) {
      t.ok(error instanceof UnsealableError)
      for (const part of text.split('.')) t.notMatch(String(error), part)
      t.notMatch(String(error), 'alice')
    }
  }
})

const unknown = {
  constructor: UnsealableError,
  name: 'UnsealableError',
  message: 'a secret is sealed under a key that is not among "keys"'
}
const tampered = { constructor: UnsealableError, message: 'a sealed secret was tampered with, or belongs to another factor' }

/** The key that is derived from `FIXED` for one use. */
function derived (use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', FIXED, '', `fastify-verify-totp ${use}`, 32))
}

/** A seal as `FIXED` makes it, but with this key, and with lengths of tag and nonce that it may not have. */
function sealedBy (key: Buffer, authTagLength = 16, nonceLength = 12): string {
  const nonce = randomBytes(nonceLength)
  const data = JSON.stringify([1, CONTEXT.identity, CONTEXT.factorSid, GOLDEN.keyId])
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength }).setAAD(Buffer.from(data))
  const text = Buffer.concat([cipher.update(SECRET), cipher.final(), cipher.getAuthTag()])
  return [GOLDEN.keyId, nonce.toString('base64url'), text.toString('base64url')].join('.')
}

/** A seal whose last part is as wanted. */
function sealOf (isWanted: (box: string) => boolean): string {
  for (;;) {
    const sealed = keyring.seal(SECRET, CONTEXT)
    if (isWanted(sealed.split('.')[2] ?? '')) return sealed
  }
}

/** Each way to change one bit. */
function flips (part: string): string[] {
  const bytes = Buffer.from(part, 'base64url')
  return Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const flipped = Buffer.from(bytes)
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    return flipped.toString('base64url')
  })
}

function isOpened (sealed: string): boolean {
  try {
    keyring.open(sealed, CONTEXT)
    return true
  } catch (error) {
    if (error instanceof UnsealableError) return false
    throw error
  }
}
