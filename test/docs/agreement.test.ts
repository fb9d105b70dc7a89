import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import * as connectDoor from '../../src/connect.js'
import { claimsOf } from '../../src/entity/claims.js'
import { MAX_SESSIONS } from '../../src/entity/entity.js'
import { endpoints } from '../../src/http/endpoints.js'
import * as door from '../../src/index.js'
import { CONNECT_OPTIONS, settingsOf, type TotpOptions } from '../../src/options.js'
import { accentStyle } from '../../src/pages/look/accent.js'
import * as languages from '../../src/pages.js'
import { RULES } from '../../src/testing/store-suite/rules.js'
import { block, blocks, codeIn, page, pages, table } from './pages.js'
import { compiled } from './program.js'
import { isRecipe } from './recipe-packages.js'
import { ROOT } from '../root.js'
import { site } from '../site.js'
import { lowest } from '../versions/lowest.js'

const [ofCookieSession, others] = [true, false].map(wanted => blocks.filter(block =>
  block.language === 'ts' && !isRecipe(block) && block.code.includes("from 'cookie-session'") === wanted))
/** One program for all blocks: what it knows of types serves the tables too. */
const { faults, propertiesOf, textsOf } = compiled(others ?? [])

const keys = [Buffer.from('0123456789abcdef0123456789abcdef')]
/** The others are those of every server. */
const OPTIONS_OF_FASTIFY = ['routes', 'logLevel']
const REQUIRED: TotpOptions = { issuer: 'Acme', keys, store: door.memoryStore(), identify: () => null }

t.test('the code blocks of the documentation compile', async t => {
  t.strictSame(faults, [])
  // Its types don't go together with those of express-session, and no application has both.
  t.strictSame(compiled(ofCookieSession ?? []).faults, [])
  t.ok(ofCookieSession?.length)
  t.ok(blocks.filter(({ language }) => language === 'ts').length > 40)
})

t.test('code that stands in the project too is the same there', async t => {
  const file = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8')
  t.equal(block('README.md', 'await app.listen').code, file('example', 'quickstart.ts'))
  for (const path of ['README.md', 'docs/express.md']) {
    t.equal(block(path, 'after the session, before body parsers').code, file('example', 'express.ts'), path)
  }
  for (const [name, text] of [['sqlite', 'function sqliteStore'], ['mariadb', 'function mariadbStore']] as const) {
    t.equal(block('docs/own-store.md', text).code.trim(), file('example', `${name}-store.ts`).trim())
  }
  const bare = (code: string) => code.replace(/\s+/g, '')
  const [, kysely = ''] = /export (function kyselyStore.*)/s.exec(block('docs/own-store.md', 'kyselyStore').code) ?? []
  t.ok(bare(file('test', 'stores', 'kysely.test.ts')).includes(bare(kysely)), 'the store over Kysely is tested')
  const [, query = ''] = /(query: .*?)\n {2}\}/s.exec(block('docs/postgresql.md', "from 'postgres'").code) ?? []
  t.ok(bare(file('test', 'stores', 'postgres-js.system.test.ts')).includes(bare(query)), 'so is postgres.js')
})

t.test('the table of endpoints has each of them, its body and its answer', async t => {
  const rows = new Map(table('docs/endpoints.md', 'endpoint').map(([name = '', , body = '', answer = '']) =>
    [codeIn(name)[0], { body, answer }]))
  t.strictSame([...rows.keys()], endpoints.map(({ method, path }) => `${method} ${path}`))
  t.strictSame(table('README.md', 'endpoint').map(([name = '']) => codeIn(name)[0]), [...rows.keys()])
  for (const { method, path, body, replies } of endpoints) {
    const told = rows.get(`${method} ${path}`)
    t.strictSame(namesIn(told?.body), namesOf(body), `${method} ${path}`)
    const names = namesIn(told?.answer)
    for (const [status, reply] of Object.entries(replies).filter(([status]) => status.startsWith('2'))) {
      t.match(told?.answer, new RegExp(`\\b${status}`))
      for (const name of namesOf(reply)) t.ok(names.includes(name), `${method} ${path} answers ${name}`)
    }
  }
})

t.test('the table of errors has each code and its status', async t => {
  const rows = table('docs/errors-and-events.md', 'code')
  const statuses = new Map(rows.map(([code = '', status]) => [codeIn(code)[0], status]))
  const codes = new Set(textsOf('index', 'AnyTotpError', 'code'))
  t.strictSame([...statuses.keys()].sort(), [...codes].filter(code => code.startsWith('ERR_TOTP_')).sort())
  const errors = [
    new door.ChallengeDeniedError(), new door.ChallengeRequiredError(300), new door.CodeRequiredError(),
    new door.ConflictError(),
    new door.CrossSiteError(), new door.DisabledError(), new door.EnrollmentEndedError(),
    new door.FactorLimitError(), new door.FactorNotFoundError(), new door.IdentityError(new Error('x')),
    new door.InvalidOptionError('x', 'is wrong'),
    new door.LockedError(30), new door.NotEnrolledError(), new door.ProviderError(new Error('x')),
    new door.StoreError(new Error('x')), new door.UnidentifiedError()
  ]
  t.strictSame(new Set(errors.map(({ code }) => code)), new Set(statuses.keys()))
  for (const { code, statusCode } of errors) t.equal(statuses.get(code), String(statusCode), code)
})

t.test('errors that are shown have the message that they have', async t => {
  const shown = pages.flatMap(({ text }) => [...text.matchAll(/"code":"(ERR_TOTP_\w+)".*"message":"([^"]*)"/g)])
  t.ok(shown.length > 0)
  for (const [, code, message] of shown) {
    t.equal(code, 'ERR_TOTP_NOT_ENROLLED')
    t.equal(message, new door.NotEnrolledError().message)
  }
})

t.test('the table of events has each of them', async t => {
  const told = table('docs/errors-and-events.md', 'event').map(([type = '']) => codeIn(type)[0])
  t.strictSame(told, textsOf('index', 'TotpEventType'))
})

t.test('the table of options has each of them', async t => {
  const told = table('docs/options.md', 'option').map(([name = '']) => codeIn(name)[0])
  t.strictSame(told, propertiesOf('index', 'FastifyTotpOptions', ['attempts', 'config']))
  t.strictSame(told.filter(name => OPTIONS_OF_FASTIFY.includes(String(name))), OPTIONS_OF_FASTIFY)
  const onExpress = table('docs/options.md', 'on Express').map(([name = '']) => codeIn(name)[0])
  const common = told.filter(name => !OPTIONS_OF_FASTIFY.includes(String(name)) && !onExpress.includes(name))
  t.strictSame([...common, ...onExpress].sort(), propertiesOf('connect', 'ConnectTotpOptions', ['attempts', 'config']).sort())
  const names = [...common, ...onExpress].map(name => String(name).replace(/\..*/, ''))
  t.strictSame(new Set(names), new Set(Object.keys(CONNECT_OPTIONS)), 'these are the ones that are checked')
  t.strictSame(table('README.md', 'option').map(([name = '']) => codeIn(name)[0]), Object.keys(REQUIRED))
})

t.test('what a page says of an option on Express is so', async t => {
  const options = { ...REQUIRED, session: connectDoor.cookieSession }
  t.doesNotThrow(() => connectDoor.createTotp(options))
  for (const [cell = '', byDefault, allowed] of table('docs/options.md', 'on Express')) {
    const [name = ''] = codeIn(cell)
    if (byDefault === 'required') t.throws(() => connectDoor.createTotp({ ...options, [name]: undefined }), { message: new RegExp(`"${name}"`) })
    else t.equal(allowed, 'a function', name)
    t.throws(() => connectDoor.createTotp({ ...options, [name]: 'text' }), { code: 'ERR_TOTP_INVALID_OPTION' }, name)
  }
})

t.test('options have the defaults that the table tells, and the limits', async t => {
  for (const [cell = '', byDefault = '', allowed = ''] of table('docs/options.md', 'option')) {
    const [name = ''] = codeIn(cell)
    if (byDefault === 'required') {
      t.throws(() => settings(name, undefined), { message: new RegExp(`"${name}"`) })
      continue
    }
    const literal = literalIn(byDefault)
    if (literal !== undefined) t.same(valueAt(name), literal, `${name} is ${String(literal)} by default`)
    const { good, bad } = limitsIn(allowed)
    for (const value of good) t.doesNotThrow(() => settings(name, value), `${name} may be ${String(value)}`)
    for (const value of bad) {
      t.throws(() => settings(name, value), { code: 'ERR_TOTP_INVALID_OPTION' }, `${name} may not be ${String(value)}`)
    }
  }
})

t.test('the table of options of the pages has each of them, and its default', async t => {
  const told = new Map(table('docs/pages.md', 'option').map(([cell = '', byDefault = '']) =>
    [codeIn(cell)[0] ?? '', byDefault]))
  const names = propertiesOf('index', 'FastifyTotpOptions', ['pages', 'pages.brand'])
    .filter(name => name.startsWith('pages.')).map(name => name.replace('pages.', ''))
  t.strictSame([...told.keys()], names)
  for (const [name, byDefault] of told) {
    t.throws(() => settings('pages', pagesWith(name, 5)), { message: new RegExp(`"pages\\.${name}"`) }, `${name} is checked`)
    const without = () => settings('pages', pagesWith(name, undefined))
    if (byDefault === 'required') t.throws(without, { message: new RegExp(`"pages\\.${name}"`) }, `${name} is required`)
    else t.doesNotThrow(without, `${name} is optional`)
  }

  const nameOf = new Intl.DisplayNames('en', { type: 'language' })
  t.strictSame(told.get('languages')?.split(', ').sort(), Object.keys(languages).map(tag => nameOf.of(tag)).sort())
  const { login } = await site(t, { totp: { pages: { brand: { name: 'Acme' } } } })
  const who = await login('alice')
  const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'same-origin' }
  const { text } = await who.request('GET', '/totp/enroll', undefined, navigation)
  t.match(text, `<a href="${String(literalIn(told.get('home')))}">${languages.en.frame.leave('Acme')}</a>`)
  const form = { ...navigation, 'content-type': 'application/x-www-form-urlencoded' }
  const { headers } = await who.request('POST', '/totp/enroll', 'action=begin', form)
  const cookies = String(headers['set-cookie'])
  t.match(cookies, 'totp-enrolling=')
  t.equal(literalIn(told.get('insecure')), !/; Secure/.test(cookies))
})

t.test('the table of custom properties has those of the style sheet', async t => {
  const sheet = readFileSync(join(ROOT, 'src', 'pages', 'look', 'pages.css'), 'utf8')
  const sorted = (names: Iterable<string>) => [...new Set(names)].sort()
  const defined = (css: string) => [...css.matchAll(/(--totp-[\w-]+)\s*:/g)].map(([, name = '']) => name)
  const used = [...sheet.matchAll(/var\((--totp-[\w-]+)/g)].map(([, name = '']) => name)
  const told = table('docs/pages.md', 'property').flatMap(([cell = '']) => codeIn(cell))
  t.strictSame(told, [...new Set(told)])
  t.strictSame(sorted(told), sorted([...defined(sheet), ...defined(accentStyle().body)]))
  t.strictSame(sorted(told), sorted(used), 'a rule depends on each')
  const shown = page('docs/pages.md').blocks.filter(({ language }) => language === 'css')
  t.ok(shown.length > 0)
  for (const { code } of shown) {
    for (const name of defined(code)) t.ok(told.includes(name), `${name} is one of them`)
  }
})

t.test('tables of other options have each of them', async t => {
  const told = (path: string) => table(path, 'option').map(([name = '']) => codeIn(name)[0])
  const sorted = (names: ReadonlyArray<string | undefined>) => [...names].sort()
  t.strictSame(sorted(told('docs/postgresql.md')), sorted(propertiesOf('index', 'PostgresStoreOptions')))
  t.strictSame(told('docs/redis.md'), propertiesOf('index', 'RedisStoreOptions'))
  t.strictSame(told('docs/store-suite.md'), propertiesOf('testing', 'StoreSuiteOptions'))
  t.strictSame(table('docs/guarding.md', 'requirement').map(([name = '']) => codeIn(name)[0]).sort(),
    propertiesOf('index', 'RouteRequirement').sort())
  const [, standIn = ''] = /^## As a Fastify plugin$(.*?)^## /ms.exec(page('docs/stand-in.md').text) ?? []
  const names = [...standIn.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
  const fastifys = ['prefix', 'logLevel', 'logSerializers']
  t.strictSame(sorted(names), sorted(propertiesOf('verify-api', 'VerifyApiOptions').filter(name => !fastifys.includes(name))))
})

t.test('every method of app.totp is told of', async t => {
  const told = table('docs/own-routes.md', 'method').flatMap(([cell = '']) => codeIn(cell).map(code => code.replace(/\(.*/, '')))
  t.strictSame(told.sort(), propertiesOf('index', 'Totp').sort())
})

t.test('every option of a command is told of', async t => {
  const program = join(ROOT, 'dist', 'cli', 'main.js')
  const optionsOf = (command: string) => {
    const help = execFileSync(process.execPath, [program, command, '--help'], { encoding: 'utf8' })
    return [...help.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, name = '']) => name)
  }
  const told = (path: string) => [...page(path).text.matchAll(/^\| `--.*/gm)]
    .flatMap(([row]) => codeIn(row.split(' | ')[0] ?? '')).map(option => option.replace(/ .*/, ''))
  t.strictSame(told('docs/stand-in.md'), optionsOf('serve'))
  const commands = table('docs/operations.md', 'command').map(([name = '']) => codeIn(name)[0] ?? '')
  const help = execFileSync(process.execPath, [program, '--help'], { encoding: 'utf8' })
  t.strictSame(['serve', ...commands], [...help.matchAll(/^ {2}(\w+) {2}/gm)].map(([, name]) => name))
  t.strictSame(new Set(told('docs/operations.md')), new Set(commands.flatMap(optionsOf)))
})

t.test('every variable of the example is told of', async t => {
  const [settings = ''] = readdirSync(join(ROOT, 'example'), { recursive: true, encoding: 'utf8' })
    .filter(file => /(?:^|\/)settings\.ts$/.test(file) && !file.includes('node_modules'))
  const source = readFileSync(join(ROOT, 'example', settings), 'utf8')
  const names = new Set([...source.matchAll(/'([A-Z]+(?:_[A-Z]+)*)'/g)].map(([, name]) => name))
  const told = table('docs/example.md', 'variable').flatMap(([cell = '']) => codeIn(cell))
  t.strictSame(told.sort(), [...names].sort())
})

t.test('the rules of a store that failures cite are those of the page', async t => {
  const told = [...page('docs/own-store.md').text.matchAll(/^(\d)\. \*\*(.*?)\.?\*\*([^.]*)/gm)]
    .map(([, number = '', title = '', rest = '']) => ({ number, text: `${title}${rest}`.replaceAll('`', '') }))
  const cited = Object.values(RULES)
  t.ok(cited.length > 5)
  for (const rule of cited) {
    const [, number, text = ''] = /^Rule (\d) of docs\/own-store\.md: (.*)\.$/.exec(rule) ?? []
    t.ok(told.some(one => one.number === number && one.text.startsWith(text)), rule)
  }
})

t.test('the lowest versions that the pages name are those that are tested, and those that npm allows', async t => {
  const { peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const told = ['postgresql', 'redis', 'twilio'].flatMap(name =>
    [...page(`docs/${name}.md`).text.matchAll(/`(\w+)`,? \(?(\d+\.[\d.]+) or later/g)])
  t.strictSame(told.map(([, name]) => name).sort(), ['ioredis', 'pg', 'redis', 'twilio'])
  for (const [, name = '', version] of told) {
    t.ok(lowest[name] === version || lowest[name] === `${version}.0`, `${name} ${version}`)
  }
  // The commands load these. Of the others only the shape of a client counts, so npm has no say in them.
  const { fastify, ...drivers } = peerDependencies
  t.strictSame(Object.keys(drivers), ['ioredis', 'pg'])
  for (const [name, range] of Object.entries(drivers)) t.ok(String(range).startsWith(`^${lowest[name]}`), name)
  t.equal(fastify, `^${lowest['fastify']}`)

  const of = (name: string) => lowest[name]?.replace(/^npm:.*@/, '').replace(/(?:\.0)+$/, '')
  const { text } = page('README.md')
  for (const sentence of [
    `| Fastify | 5, from ${of('fastify')};`,
    `\`@fastify/session\` ${of('@fastify/session')}, \`@fastify/secure-session\` 8, from ${of('@fastify/secure-session')} |`,
    `| Express ${of('express4')} and ${of('express')}, Connect ${of('connect')},`,
    `\`express-session\` 1, from ${of('express-session')} `,
    `\`cookie-session\` ${of('cookie-session')} |`,
    `| twilio | ${of('twilio')} or newer |`
  ]) t.ok(text.includes(sentence), sentence)
})

t.test('every door of the package is told of, and no other', async t => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const doors = Object.keys(exports).filter(name => !name.endsWith('.json')).map(name => name.replace('.', 'fastify-verify-totp'))
  const told = new Set(pages.flatMap(({ text }) => [...text.matchAll(/['`](fastify-verify-totp(?:\/[\w-]+)?)['`]/g)].map(([, name = '']) => name)))
  t.strictSame([...told].sort(), doors.sort())
})

t.test('claims make a JWT as much longer as a page says', t => {
  const claims = claimsOf(settingsOf(REQUIRED), 'A'.repeat(22), { method: 'totp', at: 1_800_000_000 })
  const more = Buffer.from(`,${JSON.stringify(claims).slice(1, -1)}`).toString('base64url').length
  const [, told] = /JWT about (\d+) characters longer/.exec(page('docs/apis.md').text) ?? []
  t.ok(Math.abs(more - Number(told)) <= 5, `${more}`)
  t.end()
})

t.test('numbers that stand in sentences are those of the code', async t => {
  t.match(page('docs/sessions.md').text, `${MAX_SESSIONS} approvals`)
  const { attempts } = settingsOf(REQUIRED)
  t.same(attempts, { lockAfter: 5, lockFor: 30, disableAfter: 50 }, 'five lock for 30 seconds, fifty disable')
})

/** The names in `{ … }`, without what they hold. */
function namesIn (cell = ''): string[] {
  const [, list = ''] = /\{(.*)\}/.exec(cell) ?? []
  const flat = list.replace(/\{.*?\}/g, '')
  return flat.split(',').map(part => part.replace(/[?:].*/s, '').trim()).filter(name => name !== '')
}

function namesOf (schema: unknown): string[] {
  const properties: unknown = typeof schema === 'object' && schema !== null ? Reflect.get(schema, 'properties') : null
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : []
}

/** The options of the pages with one more. */
function pagesWith (name: string, value: unknown): unknown {
  const [outer = '', inner] = name.split('.')
  const brand = { name: 'Acme' }
  return inner === undefined ? { brand, [outer]: value } : { brand: { ...brand, [inner]: value } }
}

/** The options with one more. */
function settings (name: string, value: unknown): unknown {
  const [outer = '', inner] = name.split('.')
  const nested = outer === 'attempts' && inner !== 'disableAfter' ? { disableAfter: 50 } : {}
  const options: TotpOptions = { ...REQUIRED }
  Reflect.set(options, outer, inner === undefined ? value : { ...nested, [inner]: value })
  return settingsOf(options)
}

function valueAt (name: string): unknown {
  return name.split('.').reduce<unknown>((value, part) => Reflect.get(Object(value), part), settingsOf(REQUIRED))
}

/** What a cell says as a value; undefined where it is said in words. */
function literalIn (cell = ''): unknown {
  if (cell === 'none') return undefined
  const [, text] = /^`'(.*)'`$/.exec(cell) ?? []
  if (text !== undefined) return text
  if (/^`(?:true|false)`$/.test(cell)) return cell === '`true`'
  return /^\d+$/.test(cell) ? Number(cell) : undefined
}

/** What a cell allows and what not, as far as it says so in numbers or a list. */
function limitsIn (cell: string): { good: unknown[], bad: unknown[] } {
  const [, least, most] = /^(\d+) (?:to|or) (\d+)$/.exec(cell) ?? []
  if (least !== undefined && most !== undefined) {
    return { good: [Number(least), Number(most)], bad: [Number(least) - 1, Number(most) + 1, String(least)] }
  }
  const [, upper] = /^`lockAfter` to (\d+)$/.exec(cell) ?? []
  if (upper !== undefined) return { good: [5, Number(upper)], bad: [4, Number(upper) + 1] }
  const [, lower] = /^(\d+) to `maxAge`$/.exec(cell) ?? []
  if (lower !== undefined) return { good: [Number(lower), 43200], bad: [Number(lower) - 1, 43201] }
  const texts = codeIn(cell).flatMap(code => /^'(.*)'$/.exec(code)?.[1] ?? [])
  if (texts.length > 1) return { good: texts, bad: ['md5', ''] }
  if (cell === '`true` or `false`') return { good: [true, false], bad: ['true', 1, null] }
  return { good: [], bad: cell === 'a function' ? ['text', 5] : [] }
}
