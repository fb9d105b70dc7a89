import t from 'tap'
import { parseServeOptions } from '../../src/cli/serve/options.js'

t.test('without options it serves only this machine', async t => {
  t.same(parseServeOptions([]), {
    host: '127.0.0.1',
    port: 8080,
    data: '.fastify-verify-totp',
    databaseUrl: null,
    behindTls: null,
    json: false
  })
})

t.test('each option is parsed', async t => {
  const databaseUrl = 'postgres://alice:secret@db.example/verify'
  t.same(parseServeOptions([
    '--host', '::1', '--port=0', '--data', '/tmp/x', '--database-url', databaseUrl, '--behind-tls',
    'https://verify.example', '--json'
  ]), { host: '::1', port: 0, data: '/tmp/x', databaseUrl, behindTls: 'https://verify.example', json: true })
  t.equal(parseServeOptions(['--port', '65535']).port, 65535)
})

t.test('an address that other machines can reach is refused without a TLS proxy', async t => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
    t.equal(parseServeOptions(['--host', host]).host, host)
  }
  const others = [
    '0.0.0.0', '::', '192.168.1.5', '10.0.0.1', 'fe80::1', 'verify.example', '127.evil.example', '127.0.0.1.nip.io',
    '127.0.0.256', '127.1', '128.0.0.1', 'localhost.example', '::ffff:0.0.0.0', '0', '*', ' localhost'
  ]
  for (const host of others) {
    t.throws(() => parseServeOptions(['--host', host]), {
      name: 'UsageError', exitCode: 2, message: /loopback.*unencrypted.*--behind-tls https:\/\/verify\.example$/
    }, host)
    t.equal(parseServeOptions(['--host', host, '--behind-tls', 'https://verify.example']).host, host)
  }
})

t.test('--behind-tls takes only an https origin', async t => {
  const wrong = [
    'http://verify.example', 'https://verify.example/', 'https://verify.example/v2', 'verify.example', '', 'https://',
    'https://a:b@verify.example', 'https://VERIFY.example', 'https://*.example', 'ftp://verify.example', 'true'
  ]
  for (const origin of wrong) {
    const refused = { name: 'UsageError', message: /^--behind-tls must be the origin/ }
    t.throws(() => parseServeOptions(['--behind-tls', origin]), refused, origin)
    t.throws(() => parseServeOptions(['--host', '0.0.0.0', '--behind-tls', origin]), refused, origin)
  }
  t.equal(parseServeOptions(['--behind-tls', 'https://verify.example:8443']).behindTls, 'https://verify.example:8443')
})

t.test('the message about a wrong option is one sentence that names it', async t => {
  const refusals: ReadonlyArray<readonly [args: readonly string[], message: string]> = [
    [['--foo'], 'Unknown option \'--foo\': see fastify-verify-totp serve --help'],
    [['--foo=postgres://a:secret@b'], 'Unknown option \'--foo\': see fastify-verify-totp serve --help'],
    [['-p', '1'], 'Unknown option \'-p\': see fastify-verify-totp serve --help'],
    [['--port'], 'Option \'--port <value>\' argument missing: see fastify-verify-totp serve --help'],
    [['--port', '--json'], 'Option \'--port\' argument is ambiguous: see fastify-verify-totp serve --help'],
    [['--json=1'], 'Option \'--json\' does not take an argument: see fastify-verify-totp serve --help'],
    [['postgres://a:secret@b'], 'serve takes only options: see fastify-verify-totp serve --help'],
    [['--', 'x'], 'serve takes only options: see fastify-verify-totp serve --help'],
    [['--data='], '--data must name a directory'],
    [['--host='], '--host must be an address or a name'],
    ...['', '-1', '65536', '80a', '1e3', ' 80', '0x50', '999999'].map(port =>
      [[`--port=${port}`], '--port must be an integer from 0 to 65535'] as const),
    ...['', 'mysql://a:secret@b', 'db', 'http://a'].map(url =>
      [[`--database-url=${url}`], '--database-url must be a URL such as postgres://user@host/database'] as const)
  ]
  for (const [args, message] of refusals) {
    t.throws(() => parseServeOptions(args), { name: 'UsageError', exitCode: 2, message: exactly(message) }, args.join(' '))
  }
})

/** Matches only the whole message: a credential might stand before or after the text. */
function exactly (text: string): RegExp {
  return new RegExp(`^${text.replace(/[$.?]/g, '\\$&')}$`)
}
