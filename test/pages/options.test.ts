import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import t from 'tap'
import * as connect from '../../src/connect.js'
import { memoryStore, tokenSession, verifyTotp } from '../../src/index.js'
import { settingsOf, type TotpOptions } from '../../src/options.js'
import { untyped } from '../untyped.js'

const KEY = randomBytes(32)
const NEEDED: TotpOptions = { issuer: 'Acme', keys: [KEY], store: memoryStore(), identify: () => 'alice' }
const BRAND = { name: 'Acme' }

function refusalOf (option: string) {
  return { code: 'ERR_TOTP_INVALID_OPTION', message: new RegExp(`"${option.replaceAll('.', '\\.')}"`) }
}

t.test('there are no pages unless the option says so', async t => {
  t.equal(settingsOf(NEEDED).pages, undefined)
  t.same(settingsOf({ ...NEEDED, pages: { brand: BRAND } }).pages, { brand: BRAND })
})

t.test('right ones are taken', async t => {
  const RIGHT: readonly unknown[] = [
    { brand: { name: 'A', logo: '/logo.svg', accent: '#0a5cd6' } },
    { brand: { name: 'A', logo: 'data:image/svg+xml;base64,PHN2Zy8+', accent: '#FFFFFF' } },
    { brand: BRAND, home: '/account?tab=1', at: '/app/totp', insecure: true },
    { brand: BRAND, languages: { en: {}, 'pt-BR': {} } }
  ]
  for (const pages of RIGHT) t.ok(settingsOf({ ...NEEDED, pages: untyped(pages) }), JSON.stringify(pages))
})

t.test('each wrong one stops the boot, and is named', async t => {
  const WRONG: ReadonlyArray<readonly [option: string, pages: unknown]> = [
    ['pages', null], ['pages', true], ['pages', 'yes'], ['pages', []],
    ['pages.brand', {}], ['pages.brand', { brand: null }], ['pages.brand', { brand: 'Acme' }],
    ['pages.brand.name', { brand: {} }], ['pages.brand.name', { brand: { name: '' } }],
    ['pages.brand.name', { brand: { name: 'a:b' } }], ['pages.brand.name', { brand: { name: 'x'.repeat(65) } }],
    ['pages.brand.logo', { brand: { name: 'A', logo: 'https://cdn.example/logo.png' } }],
    ['pages.brand.logo', { brand: { name: 'A', logo: '//cdn.example/logo.png' } }],
    ['pages.brand.style', { brand: { name: 'A', style: 'https://cdn.example/a.css' } }],
    ['pages.brand.logo', { brand: { name: 'A', logo: 'data:text/html,x' } }],
    ['pages.brand.logo', { brand: { name: 'A', logo: 'javascript:alert(1)' } }],
    ['pages.brand.accent', { brand: { name: 'A', accent: 'red' } }],
    ['pages.brand.accent', { brand: { name: 'A', accent: '#fff' } }],
    ['pages.brand.accent', { brand: { name: 'A', accent: '#0a5cd6;}' } }],
    ['pages.brand.color', { brand: { name: 'A', color: '#0a5cd6' } }],
    ['pages.languages', { brand: BRAND, languages: {} }],
    ['pages.languages', { brand: BRAND, languages: [] }],
    ['pages.languages', { brand: BRAND, languages: { en: null } }],
    ['pages.languages', { brand: BRAND, languages: { 'not a tag': {} } }],
    ['pages.home', { brand: BRAND, home: 'https://acme.example/' }],
    ['pages.home', { brand: BRAND, home: '//evil.example' }],
    ['pages.home', { brand: BRAND, home: '/\\evil.example' }],
    ['pages.home', { brand: BRAND, home: '/a b' }],
    ['pages.home', { brand: BRAND, home: '' }],
    ['pages.at', { brand: BRAND, at: 'totp' }],
    ['pages.at', { brand: BRAND, at: '/totp/' }],
    ['pages.at', { brand: BRAND, at: '/a/../b' }],
    ['pages.at', { brand: BRAND, at: '/totp;Domain=x' }],
    ['pages.insecure', { brand: BRAND, insecure: 1 }],
    ['pages.colour', { brand: BRAND, colour: 'red' }]
  ]
  for (const [option, pages] of WRONG) {
    const options = { ...NEEDED, pages: untyped(pages) }
    t.throws(() => settingsOf(options), refusalOf(option), JSON.stringify(pages))
  }
})

t.test('with sessions that have no cookies they stop the boot, on every server', async t => {
  const pages = { brand: BRAND }
  const [claims, issue] = [() => null, () => 'token']
  const own = { read: () => null, write: () => {}, cookies: false }
  for (const session of [connect.tokenSession({ claims, issue }), own]) {
    t.throws(() => connect.createTotp({ ...NEEDED, session, pages }), refusalOf('pages'))
  }
  const app = Fastify()
  for (const session of [tokenSession({ claims, issue }), own]) {
    await t.rejects(async () => { await app.register(verifyTotp, { ...NEEDED, session, pages }) }, refusalOf('pages'))
  }
  await app.close()
})

t.test('totp.pages() needs the option', async t => {
  const session = { read: () => null, write: () => {} }
  t.throws(() => connect.createTotp({ ...NEEDED, session }).pages(), refusalOf('pages'))
})
