import t from 'tap'
import { parseStoreArguments } from '../../src/cli/operations/store-choice.js'

const POSTGRES = 'postgres://alice:hunter2@db.example/main'
const REDIS = 'redis://:hunter2@cache.example'

function choiceOf (args: readonly string[], env: Record<string, string> = {}) {
  return parseStoreArguments({ name: 'report', options: [] }, args, env).choice
}

t.test('an option names the store', async t => {
  t.same(choiceOf(['--database-url', POSTGRES]), { kind: 'postgres', url: POSTGRES })
  t.same(choiceOf(['--database-url', POSTGRES, '--table', 'T', '--schema', 'S']), {
    kind: 'postgres', url: POSTGRES, table: 'T', schema: 'S'
  })
  t.same(choiceOf(['--redis-url', REDIS]), { kind: 'redis', url: REDIS, allowLoss: false })
  t.same(choiceOf(['--redis-url', 'rediss://h', '--prefix', '', '--allow-loss']), {
    kind: 'redis', url: 'rediss://h', prefix: '', allowLoss: true
  })
  t.same(choiceOf(['--store', './store.js']), { kind: 'module', path: './store.js' })
})

t.test('without such an option the environment names it', async t => {
  t.match(choiceOf([], { DATABASE_URL: POSTGRES }), { kind: 'postgres', url: POSTGRES })
  t.match(choiceOf(['--prefix', 'p:'], { REDIS_URL: REDIS }), { kind: 'redis', url: REDIS, prefix: 'p:' })
  t.match(choiceOf(['--store', 'x.js'], { DATABASE_URL: POSTGRES, REDIS_URL: REDIS }), { kind: 'module' })
  t.match(choiceOf(['--redis-url', REDIS], { DATABASE_URL: POSTGRES }), { kind: 'redis' })
})

t.test('no store, and more than one, are rejected', async t => {
  const refused = { name: 'UsageError', exitCode: 2, message: /name one store/ }
  t.throws(() => choiceOf([]), refused)
  t.throws(() => choiceOf([], { DATABASE_URL: POSTGRES, REDIS_URL: REDIS }), refused)
  t.throws(() => choiceOf(['--database-url', POSTGRES, '--redis-url', REDIS]), refused)
  t.throws(() => choiceOf(['--database-url', POSTGRES, '--store', 'x.js']), refused)
})

t.test('the message about wrong options is one line that does not quote them', async t => {
  const wrong = [
    ['--database-url', 'mysql://alice:hunter2@db'], ['--database-url', 'hunter2'], ['--redis-url', POSTGRES],
    ['--redis-url', ''], [POSTGRES], ['--dance'], ['--table'], ['--store', 'x.js', '--json'],
    ['--store', 'x.js', '--keys', 'hunter2'], ['--store', 'x.js', '--table', 'hunter2'],
    ['--redis-url', REDIS, '--schema', 'hunter2'], ['--database-url', POSTGRES, '--prefix', 'hunter2'],
    ['--database-url', POSTGRES, '--allow-loss']
  ]
  for (const args of wrong) {
    t.throws(() => choiceOf(args), { name: 'UsageError', message: /^(?!.*hunter2).{20,}$/ }, args.join(' '))
  }
})

t.test('what begins with - is taken for options, and the message says how it is given', async t => {
  const show = (args: readonly string[]) => parseStoreArguments({ name: 'show', options: ['for'], operands: ['IDENTITY'] }, args, {})
  const help = 'see fastify-verify-totp show --help'
  t.throws(() => show(['-alice']), { message: `Unknown option '-a'; put -- before an IDENTITY that begins with -: ${help}` })
  t.throws(() => choiceOf(['-alice']), { message: 'Unknown option \'-a\': see fastify-verify-totp report --help' })
  t.throws(() => show(['--for', '-5', 'alice']), { message: `write --for=VALUE for a value that begins with -: ${help}` })
  t.throws(() => show(['--for', '--yes', 'alice']), { message: `write --for=VALUE for a value that begins with -: ${help}` })
  t.match(show(['--store', 'x.js', '--for=-5', '--', '-alice']), { for: '-5', operands: ['-alice'] })
})

t.test('an option of another store is named', async t => {
  const postgres = ['--database-url', POSTGRES]
  t.throws(() => choiceOf([...postgres, '--prefix', 'p:']), { message: '--prefix doesn\'t apply to PostgreSQL' })
  t.throws(() => choiceOf(['--redis-url', REDIS, '--schema', 's']), { message: '--schema doesn\'t apply to Redis' })
  t.throws(() => choiceOf(['--store', 'x.js', '--table', 't']), {
    message: '--table doesn\'t apply to a store of your own'
  })
})

t.test('each command has its own options', async t => {
  const args = ['--store', 'x.js', '--keys', 'file', '--json']
  t.match(parseStoreArguments({ name: 'reseal', options: ['keys', 'json'] }, args, {}), { keysFile: 'file', json: true })
  t.match(parseStoreArguments({ name: 'reseal', options: ['keys'] }, ['--store', 'x.js'], {}), { keysFile: null, json: false })
})
