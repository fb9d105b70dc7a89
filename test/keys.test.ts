import { randomBytes } from 'node:crypto'
import t from 'tap'
import { keysFrom } from '../src/index.js'
import { untyped } from './untyped.js'

const [ONE, TWO] = [randomBytes(32), randomBytes(32)]
const [one, two] = [ONE.toString('base64'), TWO.toString('base64')]

t.test('keys are base64, separated by commas or white space', async t => {
  for (const text of [`${one},${two}`, `${one}, ${two}`, `${one} ${two}`, `${one}\n${two}\n`, ` ${one}\r\n\t${two} `, `${one},\n${two}`]) {
    t.strictSame(keysFrom(text), [ONE, TWO], JSON.stringify(text))
    t.strictSame(keysFrom(Buffer.from(text)), [ONE, TWO], 'from the bytes of a file too')
  }
  t.strictSame(keysFrom(`\ufeff${one}`), [ONE], 'some editors write a mark at the beginning')
})

t.test('32 raw bytes are a key', async t => {
  t.strictSame(keysFrom(ONE), [ONE])
  t.strictSame(keysFrom(new Uint8Array(ONE)), [ONE])
})

t.test('anything else is refused, with the reason and without the key', async t => {
  const wrong: ReadonlyArray<[given: unknown, reason: string]> = [
    [undefined, 'nothing is there'],
    ['', 'the text is empty'],
    [' \n', 'the text is empty'],
    [Buffer.alloc(0), 'the text is empty'],
    [null, 'this is a value of type object'],
    [[ONE], 'this is a value of type object'],
    [42, 'this is a value of type number'],
    [`${one},`, 'a key is missing before or after a comma'],
    [`,${one}`, 'a key is missing before or after a comma'],
    [`${one},,${two}`, 'a key is missing before or after a comma'],
    [ONE.toString('hex'), 'number 1 of 1 is hex'],
    [`${one},${Buffer.alloc(32, 0xfb).toString('base64url')}`, 'number 2 of 2 is base64url'],
    [one.replace(/=$/, ''), 'number 1 of 1 lacks its padding'],
    [`${one}=`, 'number 1 of 1 is not base64'],
    [`${one};${two}`, 'number 1 of 1 is not base64'],
    ['hunter2!', 'number 1 of 1 is not base64'],
    [randomBytes(16).toString('base64'), 'number 1 of 1 has 16 bytes'],
    [`${one} ${randomBytes(33).toString('base64')}`, 'number 2 of 2 has 33 bytes'],
    [`${one},${two},${one}`, 'number 3 of 3 is the same as another one'],
    [Buffer.alloc(32).toString('base64'), 'number 1 of 1 is not random'],
    [Buffer.alloc(32), 'number 1 of 1 is not base64'],
    [Buffer.from(one.slice(0, 32)), 'number 1 of 1 has 24 bytes'],
    [Buffer.from('a passphrase with 32 characters!'), 'number 1 of 5 is not base64']
  ]
  const expected = 'fastify-verify-totp: option "keys" must be keys of 32 bytes each in base64, separated by commas or blanks: '
  for (const [given, reason] of wrong) {
    t.throws(() => keysFrom(untyped(given)), { code: 'ERR_TOTP_INVALID_OPTION', message: expected + reason })
  }
})
