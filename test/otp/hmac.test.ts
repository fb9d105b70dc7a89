import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { hmac, hmacKey, type Alg, type HmacKey } from '../../src/otp/hmac.js'

const LONGER_KEY = 'Test Using Larger Than Block-Size Key - Hash Key First'

/** RFC 2202 section 3: key, data, HMAC-SHA-1. */
const RFC_2202 = [
  [repeated(0x0b, 20), 'Hi There', 'b617318655057264e28bc0b6fb378c8ef146be00'],
  [Buffer.from('Jefe'), 'what do ya want for nothing?', 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
  [repeated(0xaa, 20), repeated(0xdd, 50), '125d7342b9ac11cd91a39af48aa17b4f63f175d3'],
  [counting(25), repeated(0xcd, 50), '4c9007f4026250c6bc8414f9bf50c86c2d7235da'],
  [repeated(0x0c, 20), 'Test With Truncation', '4c1a03424b55e07fe7f27be1d58bb9324a9a5a04'],
  [repeated(0xaa, 80), LONGER_KEY, 'aa4ae5e15272d00e95705637ce8a3b55ed402112'],
  [
    repeated(0xaa, 80), 'Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data',
    'e8e99d0f45237d786d6bbaa7965c7808bbff1a91'
  ]
] as const

/** RFC 4231 section 4, without the truncated one: key, data, HMAC-SHA-256, HMAC-SHA-512. */
const RFC_4231 = [
  [
    repeated(0x0b, 20), 'Hi There',
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde' +
    'daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854'
  ],
  [
    Buffer.from('Jefe'), 'what do ya want for nothing?',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554' +
    '9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737'
  ],
  [
    repeated(0xaa, 20), repeated(0xdd, 50),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    'fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39' +
    'bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb'
  ],
  [
    counting(25), repeated(0xcd, 50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    'b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db' +
    'a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd'
  ],
  [
    repeated(0xaa, 131), LONGER_KEY,
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352' +
    '6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598'
  ],
  [
    repeated(0xaa, 131),
    'This is a test using a larger than block-size key and a larger than block-size data. ' +
    'The key needs to be hashed before being used by the HMAC algorithm.',
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    'e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944' +
    'b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58'
  ]
] as const

t.test('the values are those of RFC 2202', async t => {
  for (const [key, data, sha1] of RFC_2202) t.equal(hexOf('sha1', key, Buffer.from(data)), sha1)
})

t.test('the values are those of RFC 4231', async t => {
  for (const [key, data, sha256, sha512] of RFC_4231) {
    t.equal(hexOf('sha256', key, Buffer.from(data)), sha256)
    t.equal(hexOf('sha512', key, Buffer.from(data)), sha512)
  }
})

t.test('the values are those of OpenSSL for any key and message', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(
    fc.constantFrom<Alg>('sha1', 'sha256', 'sha512'),
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 200 }),
    (alg, key, message) => hexOf(alg, key, message) === createHmac(alg, key).update(message).digest('hex'))))
})

t.test('a key gives the same value again after it was used for another message', async t => {
  const key = hmacKey('sha1', repeated(0x0b, 20), 8)
  const hexOfText = (text: string) => hexWith(key, Buffer.from(text))
  t.equal(hexOfText('Hi There'), RFC_2202[0][2])
  t.not(hexOfText('Hi, you!'), RFC_2202[0][2])
  t.equal(hexOfText('Hi There'), RFC_2202[0][2])
})

function hexOf (alg: Alg, key: Uint8Array, message: Uint8Array): string {
  return hexWith(hmacKey(alg, key, message.length), message)
}

function hexWith (key: HmacKey, message: Uint8Array): string {
  for (const [at, byte] of message.entries()) key.message.setUint8(at, byte)
  return Buffer.from(hmac(key), 'binary').toString('hex')
}

function repeated (byte: number, times: number): Buffer {
  return Buffer.alloc(times, byte)
}

function counting (to: number): Buffer {
  return Buffer.from(Array.from({ length: to }, (_, i) => i + 1))
}
