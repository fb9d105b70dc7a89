import t from 'tap'
import { StoreError } from '../../src/errors.js'
import { runCommand, type Command } from '../../src/cli/command.js'
import { CommandError, UsageError } from '../../src/cli/failure.js'
import { testEnvironment } from './environment.js'

const seen: Array<readonly string[]> = []
const commands = {
  greet: command(async args => { seen.push(args) }),
  stumble: command(async () => { throw new CommandError('the road is closed') }),
  mumble: command(async () => { throw new UsageError('what?') }),
  crash: command(async () => {
    throw new Error('connect to postgres://admin:hunter2@db/main failed\npassword=hunter2')
  }),
  connect: command(async () => { throw Object.assign(new Error(''), { code: 'ECONNREFUSED' }) }),
  vanish: command(async () => { throw new TypeError('') }),
  // eslint-disable-next-line prefer-promise-reject-errors -- a user's own store may
  junk: command(async () => await Promise.reject('hunter2')),
  keep: command(async () => { throw new StoreError(new Error('the disk is full')) })
}

function command (run: Command['run']): Command {
  return { summary: 'does something', help: 'how to do something\n', run }
}

async function outcome (...args: string[]) {
  const environment = testEnvironment()
  return { exitCode: await runCommand(commands, args, environment), ...environment.written }
}

t.test('a command gets the arguments after its name', async t => {
  t.same(await outcome('greet', 'alice', '--loud'), { exitCode: 0, stdout: '', stderr: '' })
  t.same(seen, [['alice', '--loud']])
})

t.test('help and version go to stdout', async t => {
  const help = await outcome('--help')
  t.match(help, { exitCode: 0, stderr: '' })
  t.match(help.stdout, /^Usage: .*\n\n {2}greet {4}does something\n {2}stumble {2}does something\n/)
  t.same(await outcome('greet', '--loud', '--help'), { exitCode: 0, stdout: 'how to do something\n', stderr: '' })
  t.equal(seen.length, 1, 'the command did not run')
  t.match(await outcome('--version'), { exitCode: 0, stdout: /^[0-9]+\.[0-9]+\.[0-9]+\S*\n$/, stderr: '' })
})

t.test('a usage error prints one line and exits with 2', async t => {
  const fails = async (args: string[], stderr: string) => {
    t.same(await outcome(...args), { exitCode: 2, stdout: '', stderr: `fastify-verify-totp: ${stderr}\n` })
  }
  await fails([], 'no command given: see fastify-verify-totp --help')
  for (const name of ['dance', 'toString', '__proto__', '--json', '-h', 'GREET']) {
    await fails([name], 'unknown command: see fastify-verify-totp --help')
  }
  await fails(['mumble'], 'what?')
})

t.test('a failed command prints one line without credentials and exits with 1', async t => {
  const fails = async (name: string, stderr: string) => {
    t.same(await outcome(name), { exitCode: 1, stdout: '', stderr: `fastify-verify-totp: ${stderr}\n` })
  }
  await fails('stumble', 'the road is closed')
  await fails('crash', 'connect to postgres://…@db/main failed')
  await fails('connect', 'ECONNREFUSED')
  await fails('vanish', 'TypeError')
  await fails('junk', 'not an error: string')
  await fails('keep', 'the disk is full')
})
