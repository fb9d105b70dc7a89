import t from 'tap'
import { NOTICES, type Page, type Setting } from '../../src/pages/page.js'
import { createRenderer } from '../../src/pages/render.js'
import { en } from '../../src/pages/words/en.js'
import { STATES } from './states.js'

const SETTING: Setting = { account: 'ada@example.org', notice: null, acceptLanguage: 'en', returnTo: null }
const RETURN = `1800000000.${'m'.repeat(43)}/vault?page=2&x="`

const { render } = createRenderer({ brand: { name: 'Acme' }, at: '/totp', home: '/home' })

function shown (page: Page, setting: Partial<Setting> = {}): string {
  return render(page, { ...SETTING, ...setting })
}

function show (state: string, setting: Partial<Setting> = {}): string {
  const { page } = STATES[state] ?? {}
  if (page === undefined) throw new Error(`there is no state ${state}`)
  return shown(page, setting)
}

/** The tags of an element, with their attributes. */
function tags (html: string, name: string): string[] {
  return html.match(new RegExp(`<${name}\\b[^>]*>`, 'g')) ?? []
}

/** The hidden fields of each form. */
function hiddenFields (html: string): Array<Record<string, string>> {
  return html.split('<form ').slice(1).map(form => Object.fromEntries(
    [...form.split('</form>')[0]?.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g) ?? []].map(([, name = '', value = '']) => [name, value])))
}

/** The text, without markup. */
function text (html: string): string {
  return html.replace(/<head>[^]*<\/head>|<[^>]*>/g, ' ').replace(/\s+/g, ' ')
}

t.test('every page has language, direction, title, heading, account and the ways out', async t => {
  for (const [name, { page, notice = null }] of Object.entries(STATES)) {
    const html = shown(page, { notice })
    t.match(html, /^<!doctype html>\n<html lang="en" dir="ltr">/, name)
    const [, heading = ''] = /<h1 tabindex="-1">([^<]+)<\/h1>/.exec(html) ?? []
    t.ok(html.includes(`${heading} – Acme</title>`), name)
    t.match(html, /<main>[^]*<\/main>/, name)
    t.match(text(html), 'Account: ada@example.org', name)
    t.match(html, '<a href="/home">Back to Acme</a>', name)
    t.notMatch(html, /\sstyle=|<style|<script(?! type="module" src=)|\son\w+=|undefined|\[object/, name)
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    t.equal(new Set(ids).size, ids.length, `${name}: ids differ`)
    for (const [, described = ''] of html.matchAll(/ aria-(?:describedby|labelledby)="([^"]+)"/g)) {
      for (const id of described.split(' ')) t.ok(ids.includes(id), `${name}: ${id} exists`)
    }
  }
})

t.test('a page that tells of a problem says so in its title', async t => {
  t.match(show('challenge-denied'), '<title>Problem: Enter your code – Acme</title>')
  t.match(show('challenge'), '<title>Enter your code – Acme</title>')
})

t.test('without an account none is named', async t => {
  t.notMatch(show('challenge', { account: null }), 'Account')
  t.notMatch(decodeURIComponent(show('new-codes', { account: null })), 'Account')
})

t.test('a style sheet of the host comes after ours', async t => {
  const brand = { name: 'Acme', style: '/acme.css' }
  const renderer = createRenderer({ brand, at: '/totp', home: '/' })
  const sheets = renderer.render({ kind: 'problem', problem: 'failed' }, SETTING).match(/rel="stylesheet" href="[^"]+"/g)
  t.match(sheets, [/"\/totp\/pages-/, 'rel="stylesheet" href="/acme.css"'])
})

t.test('a logo stands for the name, and is called like it', async t => {
  const renderer = createRenderer({ brand: { name: 'Acme & Co', logo: '/logo.svg' }, at: '/totp', home: '/' })
  const [state] = Object.values(STATES)
  const html = state && renderer.render(state.page, SETTING)
  t.match(html, '<img class="brand" src="/logo.svg" alt="Acme &amp; Co">')
})

t.test('the states have every notice', async t => {
  const shown = Object.values(STATES).flatMap(({ notice }) => notice ?? [])
  t.strictSame([...new Set(shown)].sort(), [...NOTICES].sort())
})

t.test('each notice is a status', async t => {
  for (const notice of NOTICES) {
    t.match(show('manage', { notice }), `<p class="notice" role="status">${en.notices[notice]}</p>`)
  }
})

t.test('the language is the one that the browser asks for', async t => {
  t.match(show('challenge', { acceptLanguage: 'de-CH' }), '<html lang="de" dir="ltr">')
  t.match(show('challenge', { acceptLanguage: undefined }), '<html lang="en" dir="ltr">')
})

t.test('forms and links between the pages pass on where to go back to', async t => {
  for (const [name, { page }] of Object.entries(STATES)) {
    const html = shown(page, { returnTo: RETURN })
    for (const fields of hiddenFields(html)) t.equal(fields['return'], RETURN.replace('&', '&amp;').replace('"', '&quot;'), name)
    for (const [, href = ''] of html.matchAll(/<a[^>]* href="(\/totp[^"]*)"/g)) {
      t.ok(href.endsWith(`?return=${encodeURIComponent(RETURN)}`), `${name} ${href}`)
    }
    t.notMatch(shown(page), 'return', `${name} has none`)
  }
})

t.test('forms post to the pages that take them', async t => {
  for (const [state, path, fields] of [
    ['manage-one', '/totp/', [{ action: 'rename', sid: 'YF1' }, { action: 'removeLast', sid: 'YF1' }]],
    ['start', '/totp/enroll', [{ action: 'begin' }]],
    ['scan', '/totp/enroll', [{ action: 'verify' }, { action: 'cancel' }]],
    ['challenge', '/totp/challenge', [{}]],
    ['recover', '/totp/recover', [{}]],
    ['codes', '/totp/codes', [{ action: 'create', once: 'once' }]],
    ['new-codes', '/totp/codes/check', [{}]],
    ['check-denied', '/totp/codes/check', [{}]],
    ['remembered', '/totp/remembered', [
      { action: 'forget', sid: 'B1' }, { action: 'forget', sid: 'B2' }, { action: 'forget', sid: 'B3' }, { action: 'forgetAll' }
    ]]
  ] as const) {
    const html = show(state)
    t.strictSame(hiddenFields(html), fields, state)
    t.strictSame([...new Set(tags(html, 'form'))], [`<form method="post" action="${path}">`], state)
  }
})

t.test('the field for a code suits phones and password managers', async t => {
  for (const state of ['challenge', 'challenge-denied', 'scan', 'scan-denied']) {
    const html = show(state)
    const [field = ''] = tags(html, 'input').filter(tag => tag.includes('name="code"'))
    for (const part of ['type="text"', 'inputmode="numeric"', 'autocomplete="one-time-code"', 'translate="no"', ' required']) {
      t.match(field, part, state)
    }
    t.match(html, '<label for="code">')
    t.notMatch(html, 'type="number"')
    const isFirst = state !== 'scan'
    t.equal(field.includes(' autofocus'), isFirst, 'before the first code, the user scans')
  }
})

t.test('the field for a recovery code suits what is typed from paper', async t => {
  for (const state of ['recover', 'new-codes', 'check-denied']) {
    const [field = ''] = tags(show(state), 'input').filter(tag => tag.includes('name="code"'))
    for (const part of ['type="text"', 'autocomplete="off"', 'autocapitalize="characters"', 'spellcheck="false"', 'translate="no"']) {
      t.match(field, part, state)
    }
    t.equal(field.includes(' autofocus'), state !== 'new-codes', 'new codes are read first')
  }
})

t.test('an error stands beside its field', async t => {
  for (const [state, error] of [
    ['challenge-denied', en.code.denied],
    ['challenge-malformed', en.code.malformed('6')],
    ['challenge-clock', en.code.ahead('2 hours')],
    ['scan-denied', en.code.denied],
    ['scan-clock', en.code.behind('5 minutes')],
    ['recover-denied', en.recoveryCode.denied],
    ['recover-malformed', en.recoveryCode.malformed],
    ['check-denied', en.newCodes.denied],
    ['check-malformed', en.recoveryCode.malformed]
  ] as const) {
    t.match(show(state), new RegExp(`<p class="alert" role="alert" id="error">${error.replace(/[.?]/g, '\\$&')}</p>\\s*` +
      '<input [^>]*id="code"[^>]* aria-describedby="hint error" aria-invalid="true">'), state)
  }
  t.match(show('manage-refused-name'), /<details open>[^]*role="alert" id="name-YF2-error">[^<]+<\/p>\s*<input id="name-YF2"[^>]* value="My: tablet"[^>]* aria-describedby="name-YF2-error" aria-invalid="true" autofocus>/)
  t.match(show('start-name'), /role="alert" id="name-error">[^<]+<\/p>\s*<input id="name"[^>]* value="My: tablet"[^>]* aria-describedby="name-hint name-error" aria-invalid="true" autofocus>/)
  t.notMatch(show('challenge'), 'aria-invalid')
})

t.test('the apps of a user', async t => {
  const html = show('manage')
  t.match(text(html), 'Added on February 2, 2026 Last used on May 3, 2026')
  t.match(text(html), 'Not used yet')
  t.equal(text(html).split(en.manage.removing).length - 1, 2)
  t.match(html, `<a class="button quiet" href="/totp/enroll">${en.manage.addApp}</a>`)
  t.match(show('manage-no-codes'), en.manage.noRoom)
  t.match(show('manage-none'), `<a class="button" href="/totp/enroll">${en.manage.setUp}</a>`)
  const [row] = STATES['manage']?.page.kind === 'manage' ? STATES['manage'].page.apps : []
  const page = STATES['manage']?.page
  if (page?.kind !== 'manage' || row === undefined) throw new Error('there is no row')
  t.notMatch(shown({ ...page, apps: [{ ...row, verifiedAt: null }] }), 'Added')
})

t.test('without an approval, names alone', async t => {
  const html = show('manage-unapproved')
  t.match(text(html), 'Tablet')
  t.match(html, '<a class="button" href="/totp/challenge">')
  t.notMatch(html, /<form|<details|enroll|codes|remembered/)
})

t.test('recovery codes and browsers on the page of apps', async t => {
  t.match(text(show('manage')), `You have 8 recovery codes left. ${en.manage.codesUse}`)
  t.match(text(show('manage-one')), `You have 1 recovery code left. ${en.manage.fewCodesLeft}`)
  t.match(text(show('manage-no-codes')), en.manage.noCodesLeft)
  t.match(text(show('manage')), 'You aren’t asked for a code in 2 browsers')
  t.match(text(show('manage-one')), en.manage.noBrowsers)
})

t.test('before an enrollment', async t => {
  t.match(text(show('start')), en.start.whatItIs)
  t.notMatch(show('start'), 'friendlyName')
  t.match(text(show('start-further')), en.start.further)
  t.notMatch(text(show('start-further')), en.start.whatItIs)
  t.match(show('start-further'), '<input id="name" name="friendlyName" type="text" value="" maxlength="64" autocomplete="off" dir="auto" aria-describedby="name-hint">')
  t.match(text(show('start-ended')), en.start.ended)
  t.match(text(show('start-wrong-codes')), en.start.wrongCodes)
  t.match(text(show('start-limit')), en.start.limit)
  t.notMatch(show('start-limit'), '<form')
  t.match(text(show('start-wait')), 'Wait 9 minutes , then start again.')
  t.match(show('start-wait'), '<time data-left="540">9 minutes</time>')
  const html = shown({ kind: 'start', isFirst: true, problem: { is: 'name', typed: ':' } })
  t.match(html, 'name="friendlyName"', 'a name that was refused is shown in any case')
})

t.test('during an enrollment: link, picture, key, and the name in the app', async t => {
  const html = show('scan')
  t.match(html, /<a class="button" href="otpauth:\/\/totp\/Acme:ada%40example\.org\?secret=\w+&amp;issuer=Acme">/)
  t.match(html, /<img src="data:image\/svg\+xml;base64,[\w+/=]+" alt="[^"]+" width/)
  t.ok(html.indexOf('otpauth:') < html.indexOf('<img src="data:'), 'the link comes first')
  t.match(html, '<code id="key" translate="no" dir="ltr">JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP</code>')
  t.match(html, '<button type="button" class="quiet scripted" data-copy="key" data-done="Copied">')
  t.match(text(html), 'Acme : ada@example.org')
})

t.test('a challenge', async t => {
  for (const state of Object.keys(STATES).filter(name => name.startsWith('challenge'))) {
    t.match(show(state), `<a href="/totp/recover">${en.challenge.lostPhone}</a>`, state)
  }
  t.match(text(show('challenge')), 'Don’t ask for a code again in this browser for 30 days')
  t.match(show('challenge'), '<input type="checkbox" id="remember" name="remember" value="on"')
  t.notMatch(show('challenge-denied'), 'remember')
  t.strictSame(tags(show('challenge-choices'), 'input').filter(tag => tag.includes('radio')), [
    '<input type="radio" name="factorSid" value="YF1" required checked>', '<input type="radio" name="factorSid" value="YF2" required>'
  ])
  t.match(text(show('challenge-choices')), '6 or 8 digits')
})

t.test('a lock tells how long it lasts, without a script too', async t => {
  const html = show('challenge-locked')
  t.match(html, '<p class="alert" role="alert" id="locked">')
  t.match(text(html), 'Wait 30 seconds , then type the code')
  t.match(html, '<time data-left="30">30 seconds</time>')
  t.match(html, 'aria-describedby="hint locked wait"')
  t.notMatch(html, / disabled/, 'only the script can free the fields, so only it blocks them')
})

t.test('a user whose codes are off is told what to do', async t => {
  const html = show('challenge-disabled')
  t.match(text(html), en.challenge.disabled)
  t.match(text(html), 'ask Acme for help')
  t.match(text(html), en.challenge.notYours)
  t.match(html, `<a class="button" href="/totp/recover">${en.challenge.useRecoveryCode}</a>`)
  t.notMatch(html, '<form')
})

t.test('a site without recovery codes names none', async t => {
  const disabled = text(show('challenge-disabled-without-codes'))
  t.match(disabled, `${en.challenge.whatToDoWithoutCodes('Acme')} ${en.challenge.notYours}`)
  t.match(disabled, en.challenge.useCodeOfSite('Acme'))
  const recover = text(show('recover-without-codes'))
  t.match(recover, en.recover.askForHelp('Acme'))
  for (const words of [en.recover.howTo, en.recover.noCodes]) {
    t.match(text(show('recover')), words)
    t.notMatch(recover, words)
  }
  t.notMatch(disabled, /recovery code/i)
})

t.test('whoever removes the last app is told that its recovery codes go with it', async t => {
  const page = STATES['manage-one']?.page
  if (page?.kind !== 'manage') throw new Error('there is no such page')
  const lost = `${en.manage.removingLast} ${en.manage.removingCodes}`
  t.match(text(show('manage-one')), lost)
  for (const recoveryCodes of [null, 0]) {
    const html = text(shown({ ...page, recoveryCodes }))
    t.match(html, en.manage.removingLast)
    t.notMatch(html, en.manage.removingCodes)
  }
  t.notMatch(text(show('manage')), en.manage.removingCodes)
})

t.test('recovery codes: how many, and what new ones do to them', async t => {
  t.match(text(show('codes')), 'You have 8 recovery codes left.')
  t.match(text(show('codes')), en.codes.replacing)
  t.match(text(show('codes-none')), en.codes.none)
  t.notMatch(text(show('codes-none')), en.codes.replacing)
})

t.test('new recovery codes can be kept without a script', async t => {
  const html = show('new-codes-first')
  t.match(html, '<ul class="codes" id="codes" aria-label="Your recovery codes" translate="no" dir="ltr">')
  t.match(html, '<p class="notice" role="status">Your authenticator app works.')
  t.notMatch(show('new-codes'), 'class="notice"')
  const [, href = ''] = /download="recovery-codes\.txt" href="data:text\/plain;charset=utf-8,([^"]+)"/.exec(html) ?? []
  const lines = decodeURIComponent(href).split('\r\n')
  t.strictSame(lines.slice(0, 4), ['Acme', 'Account: ada@example.org', '', 'MFRG-GZDF-MZTW-Q2LK-NNWG-A5XA'])
  t.equal(lines.length, 14)
  t.match(html, `<a href="/totp/">${en.newCodes.skip}</a>`)
  t.match(show('new-codes', { returnTo: RETURN }), `<a href="/vault?page=2&amp;x=&quot;">${en.newCodes.skip}</a>`)
  t.match(show('check-denied'), `<a href="/totp/codes">${en.newCodes.createAgain}</a>`)
})

t.test('remembered browsers are named in the language', async t => {
  t.match(text(show('remembered', { acceptLanguage: 'de' })), 'Firefox auf Linux Dieser Browser')
  t.match(text(show('remembered', { acceptLanguage: 'fr' })), 'Safari sur iOS')
  t.match(text(show('remembered')), 'Since May 3, 2026 Until June 2, 2026')
  t.match(text(show('remembered-none')), en.remembered.none)
  const page = STATES['remembered']?.page
  if (page?.kind !== 'remembered') throw new Error('there is no such page')
  t.notMatch(shown({ ...page, browsers: page.browsers.slice(0, 1) }), 'forgetAll', 'one is forgotten by itself')
})

t.test('a problem says what to do', async t => {
  t.match(show('problem-busy'), '<a href="/totp/">')
  t.match(show('problem-loggedOut'), '<a class="button" href="/home">Back to Acme</a>')
})

t.test('nothing that users or hosts named becomes markup', async t => {
  for (const naughty of [
    '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' autofocus onfocus=alert(1) x='", '</title><script>',
    '--><svg/onload=alert(1)>', '&lt;b&gt;', 'javascript:alert(1)', '\u202e\u0000\ud800', '{{7*7}}', '</textarea></form>'
  ]) {
    for (const [name, { page }] of Object.entries(STATES)) {
      const html = renderNamed(page, naughty)
      t.strictSame(tagNames(html), tagNames(renderNamed(page, 'harmless')), `${name} with ${JSON.stringify(naughty)}`)
      t.notMatch(html, /<script>|href="javascript:/, name)
    }
  }
})

/** A page of a brand of this name, with the name in every other place too. */
function renderNamed (page: Page, name: string): string {
  const { render } = createRenderer({ brand: { name, logo: `/${name}` }, at: '/totp', home: `/${name}` })
  return render(filled(page, name), { ...SETTING, account: name, returnTo: `1.m/${name}`.toWellFormed() })
}

function tagNames (html: string): string[] {
  return html.match(/<[a-z/!][\w-]*/gi) ?? []
}

/** The page, with this in place of every text that its server didn't write. */
function filled (page: Page, naughty: string): Page {
  switch (page.kind) {
    case 'manage': return {
      ...page,
      apps: page.apps.map(app => ({ ...app, name: naughty })),
      refusedName: page.refusedName && { ...page.refusedName, typed: naughty }
    }
    case 'start': return page.problem?.is === 'name' ? { ...page, problem: { is: 'name', typed: naughty } } : page
    case 'scan': return { ...page, label: naughty, issuer: naughty, uri: `otpauth://totp/${naughty}` }
    case 'challenge': return { ...page, choices: page.choices.map(choice => ({ ...choice, name: naughty })) }
    case 'remembered': return { ...page, browsers: page.browsers.map(browser => ({ ...browser, name: naughty })) }
    case 'codes': return { ...page, once: naughty }
    default: return page
  }
}
