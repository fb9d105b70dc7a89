import t from 'tap'
import * as languages from '../../src/pages.js'
import { createRenderer } from '../../src/pages/render.js'
import { hebrew } from './hebrew.js'
import { STATES } from './states.js'

const { en, ...others } = languages

/** Every text of a table by its path; functions are given numbers to show. */
function textsOf (table: object, path = ''): Map<string, string> {
  return new Map(Object.entries(table).flatMap(([key, value]): [string, string][] => {
    if (typeof value === 'object') return [...textsOf(value, `${path}${key}.`)]
    return [[path + key, typeof value === 'function' ? value('12', '34') : value]]
  }))
}

t.test('every table has the texts of English', async t => {
  const expected = [...textsOf(en).keys()].sort()
  for (const [tag, table] of Object.entries(others)) {
    t.strictSame([...textsOf(table).keys()].sort(), expected, tag)
  }
})

t.test('no text is empty, none is left in English, and each shows its values', async t => {
  const english = textsOf(en)
  for (const [tag, table] of Object.entries(languages)) {
    for (const [path, text] of textsOf(table)) {
      t.equal(text, text.trim(), `${tag} ${path}`)
      t.not(text, '', `${tag} ${path}`)
      if (text.length > 24 && tag !== 'en') t.not(text, english.get(path), `${tag} ${path}`)
      for (const value of ['12', '34']) {
        t.equal(text.includes(value), english.get(path)?.includes(value), `${tag} ${path} shows ${value}`)
      }
    }
  }
})

t.test('no text has markup, a word of the trade, or a straight apostrophe', async t => {
  for (const [tag, table] of Object.entries(languages)) {
    for (const [path, text] of textsOf(table)) {
      t.notMatch(text, /[<>'"]|\bTOTP\b|\b2FA\b|\btokens?\b|\bfactors?\b/i, `${tag} ${path}`)
    }
  }
})

t.test('French has its spaces before double punctuation', async t => {
  for (const [path, text] of textsOf(languages.fr)) t.notMatch(text, /[^\u00a0:?!;][?!;]|[^\u00a0][:](?= |$)| [?!:;]/, path)
})

t.test('a language may be written from right to left, and is English where it has no text', async t => {
  const { render, languageOf } = createRenderer({ brand: { name: 'Acme' }, at: '/totp', home: '/', languages: { he: hebrew } })
  const page = STATES['challenge']?.page
  const shown = page && render(page, { account: 'ada', notice: null, acceptLanguage: 'he-IL', returnTo: null })
  t.equal(languageOf('he-IL'), 'he')
  t.match(shown, '<html lang="he" dir="rtl">')
  t.match(shown, 'הזנת קוד')
  t.match(shown, en.challenge.rememberHint)
})
