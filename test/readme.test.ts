import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import t from 'tap'
import ts from 'typescript'
import { endpoints } from '../src/http/endpoints.js'
import * as door from '../src/index.js'
import type { EntityStore } from '../src/index.js'
import { storeSuite } from '../src/testing.js'
import { ROOT } from './root.js'

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)

/** A folder inside the project, so that its packages, itself among them, are found by name. */
function folderWith (t: { after (fn: () => void): void }, files: Record<string, string>): string {
  const folder = mkdtempSync(join(ROOT, 'test', '.readme-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

function transpiled (code: string): string {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  return ts.transpileModule(code, { compilerOptions }).outputText
}

t.test('the code blocks of the README compile', async t => {
  const files = Object.fromEntries(blocks.map((code, i) => [`block-${i}.ts`, code]))
  const folder = folderWith(t, files)
  const config = ts.getParsedCommandLineOfConfigFile(join(ROOT, 'tsconfig.json'), {}, {
    ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {}
  })
  const names = Object.keys(files).map(name => join(folder, name))
  const program = ts.createProgram(names, { ...config?.options, noUnusedLocals: false })
  const faults = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) =>
    `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
  t.strictSame(faults, [])
  t.ok(names.length >= 7, `${names.length} blocks`)
})

t.test('the first one is a complete server', async t => {
  const [code = ''] = blocks
  t.ok(code.trim().split('\n').length <= 29, 'about 25 lines')
  const listening = code.replace('port: 3000', 'port: 0') + '\nprocess.send?.(app.addresses()[0]?.port)\n'
  const folder = folderWith(t, { 'server.mjs': transpiled(listening) })
  const server = spawn(process.execPath, [join(folder, 'server.mjs')], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  t.after(() => { server.kill('SIGKILL') })
  const port = await new Promise(resolve => server.once('message', resolve))

  const site = `http://127.0.0.1:${String(port)}`
  const json = { 'content-type': 'application/json' }
  const login = await fetch(`${site}/login`, { method: 'POST', headers: json, body: '{ "username": "alice" }' })
  t.equal(login.status, 200)
  const cookie = login.headers.getSetCookie().map(line => line.split(';', 1)[0]).join('; ')
  t.match(await (await fetch(`${site}/vault`, { headers: { cookie } })).json(), { code: 'ERR_TOTP_NOT_ENROLLED' })
  const enrolled = await fetch(`${site}/totp/factors`, { method: 'POST', headers: { ...json, cookie }, body: '{}' })
  t.equal(enrolled.status, 201)
})

t.test('the store that it writes keeps the promises of a store', async t => {
  const code = blocks.find(code => code.includes('function sqliteStore')) ?? ''
  t.equal(code.trim(), readFileSync(join(ROOT, 'example', 'sqlite-store.ts'), 'utf8').trim(), 'it is in the example')
  const folder = folderWith(t, { 'sqlite-store.mjs': transpiled(code) })
  const { sqliteStore } = await import(join(folder, 'sqlite-store.mjs'))
  const instance = (): EntityStore => sqliteStore(new Database(join(folder, 'entities.db')))
  const broken = (): EntityStore => {
    const database = new Database(':memory:')
    const store: EntityStore = sqliteStore(database)
    database.exec('DROP TABLE totp_entities')
    return store
  }
  storeSuite({ test: t.test, factory: instance, broken })
})

t.test('its tables name every endpoint, error and event', async t => {
  for (const { method, path } of endpoints) t.match(readme, `\`${method} ${path}\``)
  const errors = readFileSync(join(ROOT, 'src', 'errors.ts'), 'utf8').match(/ERR_TOTP_[A-Z_]+/g) ?? []
  for (const code of new Set(errors)) t.match(readme, `\`${code}\``)
  const events = readFileSync(join(ROOT, 'src', 'events.ts'), 'utf8').match(/'[a-z]+\.[a-z]+'/g) ?? []
  for (const type of new Set(events)) t.match(readme, `\`${type.slice(1, -1)}\``)
})

t.test('its table of options names every option and its default', async t => {
  const options = readFileSync(join(ROOT, 'src', 'options.ts'), 'utf8')
  const known = /const KNOWN = \[(.*?)\]/s.exec(options)?.[1]?.match(/\w+/g) ?? []
  t.ok(known.length > 10)
  for (const option of known) t.match(readme, new RegExp(`\\| .*\`${option}[\`.]`), option)
})

t.test('what it imports from the package is there', async t => {
  const named = [...readme.matchAll(/import (?:verifyTotp, )?\{([^}]*)\} from 'fastify-verify-totp'/g)]
  const values = named.flatMap(([, names = '']) => names.split(',').map(name => name.trim()))
    .filter(name => !name.startsWith('type ') && /^[a-z]/.test(name))
  for (const name of values) t.type(Reflect.get(door, name), 'function', name)
})
