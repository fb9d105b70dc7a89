import t from 'tap'
import { interpreterOf } from '../../src/pages/speech.js'
import { de } from '../../src/pages/words/de.js'
import { en } from '../../src/pages/words/en.js'
import { es } from '../../src/pages/words/es.js'
import { fr } from '../../src/pages/words/fr.js'
import { untyped } from '../untyped.js'

const speak = interpreterOf({ en, de, es, fr })
const tagFor = (header: string | undefined, interpreter = speak): string => interpreter(header).tag

t.test('the language is the best one of those that the browser asks for', async t => {
  t.equal(tagFor('de'), 'de')
  t.equal(tagFor('fr;q=0.5, es;q=0.9, de;q=0.1'), 'es')
  t.equal(tagFor('it, es;q=0.1'), 'es')
  t.equal(tagFor('de-AT,de;q=0.9,en;q=0.8'), 'de')
  t.equal(tagFor('FR-ca'), 'fr')
  t.equal(tagFor('fr;q=0.3,de;q=0.3'), 'fr', 'the first one of two that are as good')
  t.equal(tagFor('de;q=0,fr;q=0.1'), 'fr', 'a language with q=0 is refused')
})

t.test('the first language is the default', async t => {
  for (const header of [undefined, '', 'it', '*', 'tlh, *;q=0.5', ',;q=', 'de;q=2', 'q', '__proto__', 'constructor']) {
    t.equal(tagFor(header), 'en', `${header}`)
  }
  t.equal(tagFor('it', interpreterOf({ fr, en })), 'fr')
  t.equal(tagFor('it, de, *', interpreterOf({ fr, de })), 'de')
})

t.test('an exact tag comes before its language, and a language before a variety of it', async t => {
  const interpreter = interpreterOf({ en, 'pt-BR': es, pt: fr, 'zh-Hant': de })
  t.equal(tagFor('pt-br', interpreter), 'pt-BR')
  t.equal(tagFor('pt-PT', interpreter), 'pt')
  t.equal(tagFor('zh', interpreter), 'zh-Hant')
  t.equal(tagFor('zh-TW', interpreter), 'zh-Hant')
})

t.test('a tag is shortened from its end until there is a table of that name', async t => {
  const interpreter = interpreterOf({ 'zh-Hans': es, 'zh-Hant': de, 'sr-Cyrl': fr, 'sr-Latn': en })
  t.equal(tagFor('zh-Hant-TW', interpreter), 'zh-Hant')
  t.equal(tagFor('sr-latn-rs', interpreter), 'sr-Latn')
  t.equal(tagFor('zh-Hant-x-private', interpreter), 'zh-Hant')
})

t.test('only the beginning of a long header is read', async t => {
  t.equal(tagFor(`${'xx,'.repeat(5000)}de`), 'en')
})

t.test('only own properties are languages', async t => {
  t.equal(tagFor('de', interpreterOf(untyped(Object.create({ de })))), 'en')
})

t.test('days are those of UTC, in the language', async t => {
  const midnight = Date.UTC(2026, 4, 3) / 1000
  t.equal(speak('en').date(midnight), 'May 3, 2026')
  t.equal(speak('en').date(midnight - 1), 'May 2, 2026')
  t.equal(speak('de').date(midnight), '3. Mai 2026')
  t.equal(speak('es').date(midnight), '3 de mayo de 2026')
  t.equal(speak('fr').date(midnight), '3 mai 2026')
})

t.test('a duration is told in the largest unit that suits it, rounded up', async t => {
  const { duration } = speak('en')
  for (const [seconds, told] of [
    [0, '0 seconds'], [1, '1 second'], [30, '30 seconds'], [60, '1 minute'], [90, '90 seconds'], [121, '3 minutes'],
    [3600, '1 hour'], [5400, '90 minutes'], [7200, '2 hours'], [86_400, '1 day'], [2_592_000, '30 days']
  ] as const) t.equal(duration(seconds), told)
  t.equal(speak('de').duration(2_592_000), '30 Tage')
})

t.test('numbers to choose from, and counts', async t => {
  t.equal(speak('en').either([6]), '6')
  t.equal(speak('en').either([6, 8]), '6 or 8')
  t.equal(speak('de').either([6, 7, 8]), '6, 7 oder 8')
  const { words, count } = speak('en')
  t.equal(count(words.codes.left, 1), 'You have 1 recovery code left.')
  t.equal(count(words.codes.left, 1000), 'You have 1,000 recovery codes left.')
  t.equal(speak('fr').count(fr.codes.left, 1), 'Il vous reste 1 code de secours.')
})

t.test('a language may have more plurals than English, or fewer', async t => {
  const left = {
    one: (count: string) => `${count} код`, few: (count: string) => `${count} кода`, many: () => untyped(''), other: () => 'много'
  }
  const { words, count } = interpreterOf(untyped({ ru: { codes: { left } } }))('ru')
  t.equal(count(words.codes.left, 21), '21 код')
  t.equal(count(words.codes.left, 3), '3 кода')
  t.equal(count(words.codes.left, 5), 'You have 5 recovery codes left.', 'one that is empty is in English')
  const japanese = interpreterOf(untyped({ ja: { codes: { left: { other: (count: string) => `残り${count}` } } } }))('ja')
  t.equal(japanese.count(japanese.words.codes.left, 1), '残り1')
})

t.test('a text that a table lacks is in English', async t => {
  const { words, direction } = interpreterOf(untyped({
    de: {
      direction: 'up',
      frame: { leave: () => { throw new Error('broken') }, account: () => 7, copied: '', manage: 'Zurück', browser: 'no function' },
      challenge: 'no group',
      scan: null
    }
  }))('de')
  t.equal(direction, 'ltr')
  t.equal(words.frame.manage, 'Zurück')
  t.equal(words.frame.leave('Acme'), 'Back to Acme')
  t.equal(words.frame.account('Ada'), 'Account: Ada')
  t.equal(words.frame.copied, en.frame.copied)
  t.equal(words.frame.browser('Firefox', 'Linux'), 'Firefox on Linux')
  t.strictSame({ ...words.challenge, title: '' }.title, '')
  t.equal(words.challenge.title, en.challenge.title)
  t.equal(words.scan.title, en.scan.title)
})

t.test('a table takes nothing from a polluted prototype', async t => {
  Reflect.set(Object.prototype, 'few', () => 'polluted')
  Reflect.set(Object.prototype, 'copied', 'polluted')
  t.teardown(() => {
    Reflect.deleteProperty(Object.prototype, 'few')
    Reflect.deleteProperty(Object.prototype, 'copied')
  })
  const { words, count } = interpreterOf(untyped({ ru: {} }))('ru')
  t.equal(count(words.codes.left, 3), 'You have 3 recovery codes left.')
  t.equal(words.frame.copied, 'Copied')
})

t.test('a tag that this Node.js has no data for, or can not read, still speaks', async t => {
  t.equal(interpreterOf({ 'abcdefgh-1': de })('de').date(0), 'January 1, 1970')
  t.equal(interpreterOf({ qqq: de })('qqq').words.frame.copied, 'Kopiert')
})
