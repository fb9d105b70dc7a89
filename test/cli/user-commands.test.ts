import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { runCommand } from '../../src/cli/command.js'
import { passCommand, userOfMachine } from '../../src/cli/operations/pass.js'
import { showCommand } from '../../src/cli/operations/show.js'
import {
  moveCommand, removeCommand, resetCommand, revokeCommand, unlockCommand
} from '../../src/cli/operations/user-commands.js'
import { there, enrolledThere } from '../remote/there.js'
import { site, START } from '../site.js'
import { testEnvironment } from './environment.js'
import { ownStore } from './own-store.js'

const commands = {
  show: showCommand,
  pass: passCommand,
  revoke: revokeCommand,
  unlock: unlockCommand,
  remove: removeCommand,
  reset: resetCommand,
  move: moveCommand
}
const KEY = randomBytes(32)
const CODE = /^[A-Z2-7]{4}(?:-[A-Z2-7]{4}){5}\n$/
const UNKNOWN = { exitCode: 3, stdout: '', stderr: /nothing is kept about this identity/ }

interface Options {
  readonly env?: Record<string, string>
  /** What the user types at a terminal; without it there is none. */
  readonly typed?: string
  /** Which streams are that terminal. @default both */
  readonly terminal?: ReadonlyArray<'stdin' | 'stderr'>
}

async function outcome (
  args: string[], { env = {}, typed, terminal = typed === undefined ? [] : ['stdin', 'stderr'] }: Options = {}
) {
  const environment = testEnvironment({ SUDO_USER: 'otto', ...env })
  const input = Readable.from(typed === undefined ? [] : [typed])
  const exitCode = await runCommand(commands, args, {
    ...environment,
    stdin: Object.assign(input, { isTTY: terminal.includes('stdin') }),
    stderr: { ...environment.stderr, isTTY: terminal.includes('stderr') }
  })
  return { exitCode, ...environment.written }
}

/**
 * A site on a store of a user's own, and how to run a command on that. The clock of the site stands still, at
 * the machine's time, by which the commands go.
 */
async function populated (t: { after (fn: () => Promise<void>): void }, identity = 'alice') {
  const own = await ownStore(t)
  const start = Math.floor(Date.now() / 1000)
  const clock = () => start
  const made = await site(t, { totp: { store: own.store, keys: [KEY], clock } })
  const user = await made.login(identity)
  const phone = await user.enrollVerified(clock() - 30, 'Phone')
  const args = ['--store', own.module]
  const run = async ([name = '', ...rest]: string[], options?: Options) =>
    await outcome([name, ...args, ...rest], options)
  return { ...made, ...own, user, phone, args, now: clock, run }
}

t.test('show prints what is kept, and nothing secret', async t => {
  const { run, phone, store } = await populated(t)
  const { exitCode, stdout, stderr } = await run(['show', 'alice'])
  t.match({ exitCode, stderr }, { exitCode: 0, stderr: '' })
  const stored = await store.get('identity:alice')
  t.match(stdout.split('\n'), [
    `"alice"  enrolled  ${stored?.sid}`,
    new RegExp(`^ {2}${phone.sid} {2}"Phone" {2}embedded, verified \\d{4}-\\d\\d-\\d\\dT[\\d:]{8}Z, last used \\d`),
    '  recovery codes left: 10',
    '  approvals kept (some may have expired): 1',
    '  remembered browsers kept (some may have expired): 0',
    '  wrong codes since the last right one: 0, in all: 0',
    ''
  ])
  const json = await run(['show', 'alice', '--json'])
  t.match(JSON.parse(json.stdout), {
    identity: 'alice',
    factors: [{ sid: phone.sid, provider: 'embedded', status: 'verified' }],
    recovery: { remaining: 10 },
    approvals: [{ method: 'totp', factorSid: phone.sid }],
    pass: null
  })
  t.equal(json.stdout.split('\n').length, 2, 'one line')
  const hashes = [...stored?.recoveryCodes ?? [], ...(stored?.approvals ?? []).map(({ hash }) => hash)]
  for (const secret of [phone.secret, ...hashes]) t.notMatch(stdout + json.stdout, secret)
})

t.test('show tells of a lock, a disabled state, a pass, an enrollment, browsers and a move under way', async t => {
  const { run, store, now } = await populated(t)
  const alice = await store.get('identity:alice')
  const [factor] = alice?.factors ?? []
  if (alice === null || factor?.provider !== 'embedded') throw new Error('alice is enrolled')
  const { lastStep, verifiedAt, lastUsedAt, ...enrolled } = factor
  const { generation } = alice
  await store.replace('identity:alice', alice.revision, {
    ...alice,
    revision: alice.revision + 1,
    movingTo: 'carol\u009b',
    factors: [],
    unverified: { ...enrolled, hash: null, generation, failures: 0 },
    pass: { hash: 'h'.repeat(43), by: 'anna\u001b[2J', at: now() - 60, life: 600, generation },
    browsers: ['Firefox on Linux', 'Safari on iOS'].map((name, i) => ({
      sid: `YB${String(i).repeat(32)}`, hash: 'h'.repeat(43), name, approval: 'a'.repeat(43), at: START, generation
    })),
    attempts: { ...alice.attempts, failures: 5, tally: 7, lockedAt: START, disabledAt: START + 60 },
    leftovers: [{
      sid: `YF${'0'.repeat(32)}`,
      remote: { serviceSid: `VA${'0'.repeat(32)}`, identity: alice.sid, sid: `YF${'1'.repeat(32)}` },
      tag: 't'.repeat(43)
    }]
  })
  const { stdout } = await run(['show', 'alice'])
  t.match(stdout.split('\n'), [
    `"alice"  unenrolled  ${alice.sid}`,
    /^ {2}YF.* {2}"Phone" {2}embedded, unverified, enrolled \d/,
    '  recovery codes left: 10',
    /^ {2}pass: issued by "anna\\u001b\[2J", ends [\d-]{10}T[\d:]{8}Z at the latest$/,
    '  approvals kept (some may have expired): 1',
    '  remembered browsers kept (some may have expired): 2: "Firefox on Linux", "Safari on iOS"',
    '  wrong codes since the last right one: 5, in all: 7',
    '  the last lock began 2027-01-15T08:00:00Z',
    '  challenges are disabled since 2027-01-15T08:01:00Z: a recovery code, a pass or "unlock" ends this',
    '  removed factors that Twilio still has: 1',
    '  a move was interrupted: "alice" is refused until you run move alice \'carol\\u009b\' again',
    ''
  ])
})

t.test('show says of a pass that it has ended', async t => {
  const { run, store } = await populated(t)
  const alice = await store.get('identity:alice')
  if (alice === null) throw new Error('alice is enrolled')
  const { revision, generation } = alice
  const pass = { hash: 'h'.repeat(43), by: 'anna', at: 1_700_000_000, life: 600, generation }
  await store.replace('identity:alice', revision, { ...alice, revision: revision + 1, pass })
  t.match(await run(['show', 'alice']), { stdout: /\n {2}pass: issued by "anna", ended 2023-11-14T22:23:20Z\n/ })
})

t.test('while a move isn\'t finished, each other command names the one that finishes it', async t => {
  const { run, store, phone } = await populated(t)
  const env = { TOTP_KEYS: KEY.toString('base64') }
  const commands = [
    ['pass', 'alice'], ['revoke', 'alice'], ['unlock', 'alice'], ['reset', '--yes', 'alice'],
    ['remove', '--yes', 'alice', phone.sid], ['move', '--yes', 'alice', 'dora']
  ]
  const targets: Array<[to: string, command: string]> = [
    ['carol', 'move alice carol again'],
    ['o\'neil x', 'move alice \'o\'\\\'\'neil x\' again'],
    ['$(x)', 'move alice \'$(x)\' again'],
    ['-carol', 'move -- alice \'-carol\' again'],
    ['alice', 'the move to this identity again']
  ]
  for (const [to, command] of targets) {
    const alice = await store.get('identity:alice')
    if (alice === null) throw new Error('alice is enrolled')
    await store.replace('identity:alice', alice.revision, { ...alice, revision: alice.revision + 1, movingTo: to })
    const text = `a move was interrupted: "alice" is refused until you run ${command}`
    for (const args of commands) {
      t.match(await run(args, { env }), { exitCode: 1, stdout: '', stderr: `fastify-verify-totp: ${text}\n` }, args.join(' '))
    }
    t.match(await run(['show', 'alice']), { exitCode: 0, stdout: `\n  ${text}\n` })
  }
})

t.test('pass prints a code that lets the user in, once', async t => {
  const { run, login, store, user } = await populated(t)
  const { exitCode, stdout, stderr } = await run(['pass', 'alice', '--by', 'anna'])
  t.equal(exitCode, 0)
  t.match(stdout, CODE)
  t.match(stderr, /^a pass for "alice", issued by "anna": it works once, until \d{4}-\d\d-\d\dT[\d:]{8}Z\n$/)
  t.match(await store.get('identity:alice'), { pass: { by: 'anna', life: 600 } })
  t.match(await user.vault(), { status: 200 }, 'a pass ends nothing before it is used')

  const again = await login('alice')
  t.match(await again.vault(), { status: 403 })
  const code = stdout.trim()
  t.match(await again.post('/totp/recovery', { code }), { status: 200 })
  t.match(await again.vault(), { status: 200 })
  t.match(await (await login('alice')).post('/totp/recovery', { code }), { status: 403 })

  const json = JSON.parse((await run(['pass', 'alice', '--json', '--for', '86400'])).stdout)
  t.match(json, { identity: 'alice', status: 'issued', by: 'otto' })
  t.match(await store.get('identity:alice'), { pass: { by: 'otto', life: 86_400 } })
  t.match(await (await login('alice')).post('/totp/recovery', { code: json.code }), { status: 200 })
})

t.test('a pass needs a verified factor, a time of at most a day, and a name', async t => {
  const { run, login, store } = await populated(t)
  await (await login('bob')).enroll()
  t.match(await run(['pass', 'bob']), { exitCode: 1, stdout: '', stderr: /no verified factor: they enroll/ })
  for (const wrong of ['0', '86401', '1e3', '-5', '', '1.5', 'hunter2', '600s']) {
    const { exitCode, stdout, stderr } = await run(['pass', 'alice', `--for=${wrong}`])
    t.match({ exitCode, stdout, stderr }, { exitCode: 2, stdout: '', stderr: /--for must be an integer from 1 to 86400: seconds/ })
    t.notMatch(stderr, 'hunter2')
  }
  for (const wrong of ['', 'x'.repeat(257)]) {
    t.match(await run(['pass', 'alice', `--by=${wrong}`]), { exitCode: 2, stdout: '', stderr: /--by must say who issues the pass, in 1 to 256/ })
  }
  t.match(await store.get('identity:alice'), { pass: null })
})

t.test('who issues a pass is the user at the machine, if that says who it is', async t => {
  const nameless = () => { throw new Error('uv_os_get_passwd returned ENOENT') }
  const named = (username: string) => () => ({ username })
  const refused = (message: RegExp) => ({ name: 'UsageError', message })
  t.equal(userOfMachine({}, named('anna')), 'anna')
  t.equal(userOfMachine({ SUDO_USER: 'anna' }, named('root')), 'anna')
  t.equal(userOfMachine({ SUDO_USER: 'anna' }, nameless), 'anna')
  t.throws(() => userOfMachine({}, nameless), refused(/doesn't know your name: say with --by who issues the pass/))
  t.throws(() => userOfMachine({}, named('root')), refused(/root can be any operator: say with --by/))
  t.throws(() => userOfMachine({ SUDO_USER: 'root' }, named('root')), refused(/root can be any operator/))
  const { run, store } = await populated(t)
  const env = { SUDO_USER: 'root' }
  t.match(await run(['pass', 'alice'], { env }), { exitCode: 2, stdout: '', stderr: /root can be any operator/ })
  t.match(await store.get('identity:alice'), { pass: null })
  t.match(await run(['pass', 'alice', '--by', 'anna'], { env }), { exitCode: 0 })
})

t.test('revoke ends approvals and a pass, unlock ends a lock', async t => {
  const { run, login, user, phone, now, store } = await populated(t)
  t.match(await run(['pass', 'alice']), { exitCode: 0 })
  t.same(await run(['revoke', 'alice']), { exitCode: 0, stdout: '"alice": revoked\n', stderr: '' })
  t.match(await user.vault(), { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' })
  t.match(await store.get('identity:alice'), { pass: null, approvals: [], factors: [{ sid: phone.sid }] })

  for (let i = 0; i < 5; i++) await user.challenge(phone.wrongCode(now()))
  t.match(await user.challenge(phone.code(now())), { status: 429 })
  const json = await run(['unlock', '--json', 'alice'])
  t.same({ ...json, stdout: JSON.parse(json.stdout) }, {
    exitCode: 0, stdout: { identity: 'alice', status: 'unlocked' }, stderr: ''
  })
  t.match(await user.challenge(phone.code(now())), { status: 200 })
  t.match(await (await login('alice')).vault(), { status: 403 })
})

t.test('a command ends no approval that the servers still count, however long those are', async t => {
  const own = await ownStore(t)
  const clock = () => Math.floor(Date.now() / 1000)
  const maxAge = 30 * 86_400
  const remember = { for: 90 * 86_400, insecure: true }
  const totp = { store: own.store, keys: [KEY], clock, maxAge, freshness: maxAge, remember }
  const { login, app } = await site(t, { totp })
  const alice = await login('alice')
  await alice.enrollVerified(clock())
  const { code } = await app.totp.pass('alice', { by: 'anna' })
  await alice.post('/totp/recovery', { code })
  t.match(await alice.vault(), { status: 200 })
  const stored = await own.store.get('identity:alice')
  if (stored === null) throw new Error('alice is enrolled')
  const browsers = [{
    sid: `YB${'0'.repeat(32)}`, hash: 'h'.repeat(43), name: 'Firefox on Linux', approval: 'a'.repeat(43), at: clock(), generation: stored.generation
  }]
  const approvals = stored.approvals.map(approval => ({ ...approval, at: clock() - maxAge + 600 }))
  await own.store.replace('identity:alice', stored.revision, { ...stored, revision: stored.revision + 1, approvals, browsers })
  t.match(await alice.vault(), { status: 200 }, 'the servers count it')
  t.match(await outcome(['unlock', '--store', own.module, 'alice']), { exitCode: 0 })
  t.match(await alice.vault(), { status: 200 }, 'and they still do')
  t.match(await own.store.get('identity:alice'), { browsers })
})

t.test('remove removes one factor', async t => {
  const { run, user, phone, now, store } = await populated(t)
  const tablet = await user.enrollVerified(now() - 30, 'Tablet')
  const { stdout, exitCode, stderr } = await run(['remove', 'alice', phone.sid], { typed: 'yes\n' })
  t.match({ stdout, exitCode }, { exitCode: 0, stdout: '"alice": removed\n' })
  t.equal(stderr, `This removes ${phone.sid}, "Phone", of "alice", who has 2 factors.\nThis can't be undone. Type yes to go on: `)
  t.match(await store.get('identity:alice'), { factors: [{ sid: tablet.sid }], approvals: [] })
  t.match(await user.vault(), { status: 403 })

  const json = await run(['remove', '--json', '--yes', 'alice', tablet.sid])
  t.same(JSON.parse(json.stdout), { identity: 'alice', status: 'removed', factorSid: tablet.sid, leftovers: [] })
  const gone = { exitCode: 1, stdout: '', stderr: `fastify-verify-totp: this user has no factor ${tablet.sid}: "show" lists those that they have\n` }
  t.same(await run(['remove', '--yes', 'alice', tablet.sid]), gone)
  t.same(await run(['remove', 'alice', tablet.sid], { typed: 'yes\n' }), gone, 'without a question')
  t.same(await run(['remove', 'alice', tablet.sid]), gone)
  for (const wrong of ['hunter2', phone.sid.toUpperCase(), '']) {
    const { exitCode, stderr } = await run(['remove', '--yes', 'alice', wrong])
    t.match({ exitCode, stderr }, { exitCode: 2, stderr: /FACTOR_SID must be YF and 32 hex digits/ })
    t.notMatch(stderr, 'hunter2')
  }
})

t.test('remove says what it means to remove the last factor', async t => {
  const { run, user, phone } = await populated(t)
  const { sid } = await user.enroll('Tablet')
  const question = `This removes ${phone.sid}, "Phone", of "alice", who has 1 factor. From then on the\n` +
    'password is enough to enroll another app; a pass would let the user in without that.\nThis can\'t be undone. '
  t.match((await run(['remove', 'alice', phone.sid], { typed: 'no\n' })).stderr, question)
  const unverified = await run(['remove', 'alice', sid], { typed: 'yes\n' })
  t.match(unverified, {
    exitCode: 0, stderr: `This removes ${sid}, "Tablet", of "alice", who has 1 factor.\nThis can't be undone. Type yes to go on: `
  })
})

t.test('reset removes everything', async t => {
  const { run, user, store } = await populated(t)
  const { exitCode, stdout, stderr } = await run(['reset', 'alice'], { typed: 'yes\n' })
  t.match({ exitCode, stdout }, { exitCode: 0, stdout: '"alice": reset\n' })
  t.match(stderr, /who has 1 factor\..*\npassword is enough to enroll another app; a pass would let the user in without that\./)
  t.equal(await store.get('identity:alice'), null)
  t.match(await user.vault(), { status: 403, code: 'ERR_TOTP_NOT_ENROLLED' })
  t.match(await run(['reset', '--yes', 'alice']), UNKNOWN)
})

t.test('what can\'t be undone is asked about at a terminal, and refused elsewhere without --yes', async t => {
  const { run, phone, store } = await populated(t)
  const before = await store.get('identity:alice')
  const env = { TOTP_KEYS: KEY.toString('base64') }
  for (const command of [['reset', 'alice'], ['remove', 'alice', phone.sid], ['move', 'alice', 'carol']]) {
    const refused = { exitCode: 2, stdout: '', stderr: /: this can't be undone: add --yes, or run it at a terminal\n$/ }
    t.match(await run(command, { env }), refused)
    for (const stream of ['stdin', 'stderr'] as const) {
      t.match(await run(command, { env, typed: 'yes\n', terminal: [stream] }), refused, `only ${stream}`)
    }
    for (const typed of ['no\n', '\n', '', 'y\n', 'yes please\n', 'YES\n', 'no\nyes\n']) {
      t.match(await run(command, { env, typed }), { exitCode: 1, stdout: '', stderr: /go on: fastify-verify-totp: nothing was changed\n$/ })
    }
  }
  t.same(await store.get('identity:alice'), before)
  t.match(await run(['reset', 'alice'], { typed: '  yes' }), { exitCode: 0 }, 'an answer that ends without Enter')
  for (const command of ['show', 'pass', 'revoke', 'unlock']) {
    t.match(await run([command, '--yes', 'alice']), { exitCode: 2, stderr: /has no option --yes/ })
  }
})

t.test('move moves a user, and needs the keys', async t => {
  const { run, login, phone, now, store, folder } = await populated(t)
  const env = { TOTP_KEYS: KEY.toString('base64') }
  await (await login('bob')).enrollVerified(now() - 30)
  t.match(await run(['move', '--yes', 'alice', 'carol']), { exitCode: 1, stderr: /move needs the keys: set TOTP_KEYS/ })
  const wrong = { TOTP_KEYS: randomBytes(32).toString('base64') }
  t.match(await run(['move', '--yes', 'alice', 'carol'], { env: wrong }), { exitCode: 1, stderr: /sealed under a key that is not among/ })
  t.match(await run(['move', '--yes', 'alice', 'bob'], { env }), { exitCode: 1, stderr: /something is kept about the identity to move to/ })
  t.match(await run(['move', '--yes', 'alice', 'alice'], { env }), { exitCode: 2, stderr: /TO must be another identity/ })
  t.match(await run(['move', '--yes', 'alice', 'x'.repeat(257)], { env }), { exitCode: 2, stderr: /TO must have 1 to 256 bytes/ })
  t.match(await store.get('identity:alice'), { movingTo: null })

  const moved = await run(['move', 'alice', 'ca\u202erol'], { env, typed: 'yes\n' })
  t.match(moved, { exitCode: 0, stdout: '"alice": moved\n', stderr: /moves "alice", who has 1 factor, to "ca\\u202erol"\./ })
  t.match(moved.stderr, /now rename the user in your own tables, and end the sessions of both identities\n$/)
  t.equal(await store.get('identity:alice'), null)
  t.match(await (await login('ca\u202erol')).challenge(phone.code(now())), { status: 200 })
  t.match(await run(['move', '--yes', 'alice', 'ca\u202erol'], { env }), {
    exitCode: 0,
    stdout: '"alice": present\n',
    stderr: 'nothing is kept about "alice": unless that is misspelt, its move to "ca\\u202erol" is finished\n' +
      'now rename the user in your own tables, and end the sessions of both identities\n'
  }, 'repeated')
  t.match(await run(['move', '--yes', 'alice', 'erin'], { env }), UNKNOWN)

  await writeFile(join(folder, 'keys'), KEY, { mode: 0o600 })
  const json = await run(['move', '--yes', '--json', '--keys', join(folder, 'keys'), 'ca\u202erol', 'dora'])
  t.same(JSON.parse(json.stdout), { identity: 'ca\u202erol', status: 'moved', to: 'dora' })
  t.notMatch(json.stdout, '\u202e', 'a terminal is safe of it')
  t.match(await run(['show', '--keys', 'file', 'dora']), { exitCode: 2, stderr: /show has no option --keys/ })
})

t.test('an interrupted move is finished by repeating it', async t => {
  const { run, store, login, phone, now } = await populated(t)
  const alice = await store.get('identity:alice')
  if (alice === null) throw new Error('alice is enrolled')
  await store.replace('identity:alice', alice.revision, { ...alice, revision: alice.revision + 1, movingTo: 'carol' })
  const env = { TOTP_KEYS: KEY.toString('base64') }
  t.match(await run(['move', '--yes', 'alice', 'carol'], { env }), { exitCode: 0 })
  t.match(await (await login('carol')).challenge(phone.code(now())), { status: 200 })
})

/** A module for `--store`, before a store whose calls of a method fail as `faults` says, counted from 1. */
async function faulty (folder: string, faults: string): Promise<string> {
  const module = join(folder, 'faulty.mjs')
  await writeFile(module, `
    import open from './store.mjs'
    const store = await open()
    const calls = { get: 0, replace: 0 }
    const fail = reason => { throw new Error(reason) }
    let faults
    const calling = name => async (...args) => {
      const call = ++calls[name]
      faults[name]?.(call, 'before')
      const answer = await store[name](...args)
      faults[name]?.(call, 'after')
      return answer
    }
    export default async () => {
      Object.assign(calls, { get: 0, replace: 0 })
      faults = ${faults}
      return { get: calling('get'), replace: calling('replace') }
    }
  `)
  return module
}

t.test('a move that fails says who is refused, and how to finish it', async t => {
  const env = { TOTP_KEYS: KEY.toString('base64') }
  // It closes the old entity, creates the new one, deletes the old one, and opens the new one.
  const faults: Array<[faults: string, message: string]> = [
    ['replace: call => { if (call === 1) fail("permission denied") }', 'the user may be refused'],
    ['replace: call => { if (call === 2) fail("permission denied") }', '"alice" is refused'],
    ['replace: call => { if (call === 3) fail("permission denied") }', '"alice" is refused'],
    ['replace: call => { if (call === 4) fail("permission denied") }', '"carol" is refused'],
    ['replace: (call, at) => { if (call === 4 && at === "after") fail("permission denied") }', 'the user may be refused'],
    ['replace: call => { if (call === 2) faults.get = faults.replace; if (call >= 2) fail("permission denied") }', 'the user may be refused']
  ]
  for (const [text, message] of faults) {
    const { folder, run, login, phone, now } = await populated(t)
    const module = await faulty(folder, `{ ${text} }`)
    t.match(await outcome(['move', '--yes', '--store', module, 'alice', 'carol'], { env }), {
      exitCode: 1, stdout: '', stderr: `: ${message} until you run move alice carol again: permission denied\n`
    }, text)
    const again = await run(['move', '--yes', 'alice', 'carol'], { env })
    t.match(again, { exitCode: 0, stdout: text.includes('after') ? '"alice": present\n' : '"alice": moved\n' }, text)
    t.match(again.stderr, /now rename the user/)
    t.match(await (await login('carol')).challenge(phone.code(now())), { status: 200 }, text)
  }
})

t.test('a command whose outcome is unknown says so', async t => {
  const after = '{ replace: (call, at) => { if (at === "after") fail("Query read timeout") } }'
  const { folder, phone, store } = await populated(t)
  const module = await faulty(folder, after)
  const commands = [['pass'], ['unlock'], ['revoke'], ['remove', '--yes', phone.sid], ['reset', '--yes']]
  for (const [name = '', ...rest] of commands) {
    const args = [...rest.filter(arg => arg === '--yes'), 'alice', ...rest.filter(arg => arg !== '--yes')]
    t.same(await outcome([name, '--store', module, ...args]), {
      exitCode: 1,
      stdout: '',
      stderr: `fastify-verify-totp: ${name} of "alice" may not have been carried out: check with show alice: Query read timeout\n`
    })
  }
  t.equal(await store.get('identity:alice'), null, 'each was carried out')
})

t.test('a failure before anything is written is no doubt', async t => {
  const { folder, store } = await populated(t)
  const before = await store.get('identity:alice')
  const module = await faulty(folder, '{ get: () => fail("Query read timeout") }')
  t.same(await outcome(['unlock', '--store', module, 'alice']), {
    exitCode: 1, stdout: '', stderr: 'fastify-verify-totp: Query read timeout\n'
  })
  t.same(await store.get('identity:alice'), before)
})

t.test('a store that fails after remove and reset have acted costs only a note', async t => {
  const { folder, phone, store } = await populated(t)
  const module = await faulty(folder, '{ replace: (call, at) => { if (at === "after") faults.get = () => fail("gone") } }')
  const note = 'the store failed after that: check with show whether Twilio still has factors of this user\n'
  t.same(await outcome(['remove', '--yes', '--store', module, 'alice', phone.sid]), {
    exitCode: 0, stdout: '"alice": removed\n', stderr: note
  })
  t.match(await store.get('identity:alice'), { factors: [] })
  const json = await outcome(['reset', '--json', '--yes', '--store', module, 'alice'])
  t.same({ ...json, stdout: JSON.parse(json.stdout) }, {
    exitCode: 0, stdout: { identity: 'alice', status: 'reset', leftovers: null }, stderr: note
  })
  t.equal(await store.get('identity:alice'), null)
})

t.test('an identity is taken byte by byte, and one that begins with - after --', async t => {
  for (const identity of ['-alice', '--help', '--', ' Alice ', 'a\u0301', '__proto__', '\u001b[2J', 'x'.repeat(256)]) {
    const { args, store } = await populated(t, identity)
    const { exitCode, stdout } = await outcome(['show', ...args, '--', identity])
    t.equal(exitCode, 0, JSON.stringify(identity))
    t.equal(JSON.parse(stdout.slice(0, stdout.indexOf('  '))), identity)
    t.notMatch(stdout, '\u001b')
    t.ok(await store.get(`identity:${identity}`))
  }
  const { args, run } = await populated(t)
  for (const other of ['Alice', 'alice ', 'al\u0131ce', 'identity:alice', 'bob']) {
    for (const command of ['show', 'pass', 'revoke', 'unlock']) t.match(await run([command, other]), UNKNOWN, other)
    t.notMatch((await run(['show', other])).stderr, other)
  }
  t.match(await outcome(['reset', ...args, '--yes', 'Alice']), UNKNOWN)
  for (const wrong of ['', 'x'.repeat(257), 'é'.repeat(129)]) {
    t.match(await run(['show', wrong]), { exitCode: 2, stderr: /IDENTITY must have 1 to 256 bytes/ })
  }
})

t.test('too few and too many arguments are refused, without quoting them', async t => {
  const { args } = await populated(t)
  for (const wrong of [['show'], ['show', 'hunter2', 'hunter2'], ['remove', 'hunter2'], ['move', 'hunter2'], ['pass']]) {
    const [name = '', ...rest] = wrong
    const { exitCode, stderr } = await outcome([name, ...args, ...rest])
    t.match({ exitCode, stderr }, { exitCode: 2, stderr: new RegExp(`${name} takes IDENTITY.*, and options: see`) })
    t.notMatch(stderr, 'hunter2')
  }
  t.match(await outcome(['show', 'alice']), { exitCode: 2, stderr: /name one store/ })
})

t.test('a store of one\'s own needs no list', async t => {
  const { folder } = await populated(t)
  const module = join(folder, 'plain.mjs')
  const methods = 'async get () { return null }, async replace () { return false }'
  await writeFile(module, `export default { ${methods} }`)
  t.match(await outcome(['show', '--store', module, 'alice']), UNKNOWN)
  await writeFile(join(folder, 'half.mjs'), 'export default { async get () { return null } }')
  t.match(await outcome(['show', '--store', join(folder, 'half.mjs'), 'alice']), {
    exitCode: 1, stderr: /must be a store with get and replace, or a function that returns one\n$/
  })
})

t.test('factors at Twilio stay there, and the command says so', async t => {
  const own = await ownStore(t)
  const clock = () => Math.floor(Date.now() / 1000)
  const { login, app, server } = await there(t, { totp: { store: own.store, clock } })
  const alice = await login('alice')
  const [one, two] = [await enrolledThere(alice), await enrolledThere(alice)]
  const args = ['--store', own.module, '--yes', 'alice']
  const removed = await outcome(['remove', '--json', ...args, one])
  t.same(JSON.parse(removed.stdout), { identity: 'alice', status: 'removed', factorSid: one, leftovers: [one] })
  t.match(removed, { exitCode: 0, stderr: 'Twilio still has 1 factor of this user: call app.totp.remove in your app, which deletes them there\n' })
  t.match(await outcome(['remove', ...args, one]), { exitCode: 1, stderr: /was removed already, but Twilio still has it/ })
  t.match(await outcome(['reset', ...args]), {
    exitCode: 0,
    stdout: '"alice": reset\n',
    stderr: 'Twilio still has 2 factors of this user: call app.totp.reset in your app, which deletes them there\n'
  })
  t.match(await own.store.get('identity:alice'), { factors: [], leftovers: [{ sid: one }, { sid: two }] })
  await app.totp.reset('alice')
  t.equal(server.asked('remove').length, 2)
  t.equal(await own.store.get('identity:alice'), null)
})

t.test('each command has a help text', async t => {
  for (const [name, { summary }] of Object.entries(commands)) {
    const { exitCode, stdout } = await outcome([name, '--help'])
    t.equal(exitCode, 0)
    t.match(stdout, new RegExp(`^Usage: fastify-verify-totp ${name} IDENTITY.* \\[options\\]\n\n`))
    t.ok(stdout.split('\n').every(line => line.length <= 120), name)
    t.ok(summary.length < 80)
  }
})
