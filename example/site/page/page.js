/* global Blob, URL, document, fetch, Option, navigator, location, setInterval, clearInterval */

/** The error of a request. `code` has the reason. Without any answer `status` is 0. */
class Refusal extends Error {
  constructor (status, { code = '', message = '' } = {}, retryAfter = 0) {
    super(message)
    Object.assign(this, { status, code, retryAfter })
  }
}

const one = id => document.getElementById(id)
const views = document.querySelectorAll('[data-view]')
const problem = one('problem')
const news = one('news')

/** The action of Cancel in the current view. */
let goBack = null
/** The action to repeat after the code that it needed. */
let interrupted = null
let enrolling = null
/** The verified factors, as of the last request. */
let apps = []
/** The recovery codes that are left, as of the last request; null where that isn't known. */
let remaining = null
/** The recovery codes while the page shows them. */
let shownCodes = []
/** True if a code needs the choice of its app: with Twilio, if there are several apps. */
let mustChoose = false
let countdown = null
/** Seconds for which the server remembers a browser; 0 where it doesn't. */
const rememberFor = Number(document.body.dataset.remember ?? 0)
let busy = false

async function ask (method, url, body) {
  const json = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(url, { method, ...json }).catch(() => { throw new Refusal(0) })
  const text = await response.text().catch(() => '')
  const answer = text.startsWith('{') ? JSON.parse(text) : {}
  if (!response.ok) throw new Refusal(response.status, answer, Number(response.headers.get('retry-after')))
  return answer
}

/** Shows one view and moves the focus: to the given element, or the view's first field, or its title. */
function show (name, { focus, back = null } = {}) {
  announce('')
  stopCountdown()
  for (const view of views) view.hidden = view.dataset.view !== name
  one('logout').hidden = name === 'login' || name === 'unreachable'
  const view = document.querySelector(`[data-view="${name}"]`)
  goBack = back
  for (const button of view.querySelectorAll('[data-back]')) button.hidden = back === null
  document.title = `${view.querySelector('h2').textContent} · Gold Vault`
  const target = focus ?? view.querySelector(':scope > form input') ?? view.querySelector('h2')
  target.focus()
}

function announce (text) {
  problem.textContent = ''
  news.before(problem)
  news.textContent = text
  for (const field of document.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid')
}

/** Reports a mistake of the user beside the field. Marks and focuses it, and empties it if it is a code. */
function showMistake (text, field) {
  announce('')
  if (field) (field.closest('label') ?? field).after(problem)
  problem.textContent = text
  if (!field) return
  field.setAttribute('aria-invalid', 'true')
  if (field.classList.contains('code')) field.value = ''
  field.focus()
  // With the keyboard of a phone open, little of the page is in sight.
  problem.scrollIntoView({ block: 'nearest' })
}

/** Reports a failure that is not the user's mistake. The field keeps its text. */
function showFailure (text, field) {
  showMistake(text)
  field?.focus()
}

/** Runs the action of a button or form, one at a time, and explains a failure. */
async function run (action, field) {
  if (busy) return
  busy = true
  document.body.setAttribute('aria-busy', 'true')
  try {
    await action()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    explain(error, field, action)
  } finally {
    busy = false
    document.body.removeAttribute('aria-busy')
  }
}

function explain (refusal, field, action) {
  const { status, code, retryAfter, message } = refusal
  if (status === 0) return showFailure('No connection to the vault. Check your network and try again.', field)
  if (code === 'ERR_TOTP_UNIDENTIFIED') return startOver('You are logged out. Log in to continue.')
  if (code === 'ERR_TOTP_CHALLENGE_REQUIRED') return askForCode(action)
  if (code === 'ERR_TOTP_NOT_ENROLLED') return restartSetup()
  if (code === 'ERR_TOTP_DISABLED') return show('closed')
  if (code === 'ERR_TOTP_LOCKED' && apps.length > 0) return showLock(retryAfter, action)
  if (code === 'ERR_TOTP_LOCKED') return showFailure(`Too many attempts at once. Try again in ${spoken(retryAfter)}.`, field)
  if (field?.id === 'recovery-code' && (code === 'ERR_TOTP_CHALLENGE_DENIED' || status === 400)) {
    return showMistake('That is no recovery code of this account, or it was used before. Type the next one of your list.', field)
  }
  if (code === 'ERR_TOTP_CHALLENGE_DENIED') {
    return showMistake('That code was not accepted. Wait for the next one, and type that.', field)
  }
  if (code === 'ERR_TOTP_FACTOR_NOT_FOUND' && enrolling !== null) {
    return showSetup('This QR code is no longer valid: it lasts ten minutes and five attempts. Start again ' +
      'with a new one, and delete the old entry in your app.')
  }
  if (code === 'ERR_TOTP_FACTOR_LIMIT') return showMistake('You have the maximum number of apps. Remove one first.')
  if (status === 400 && field?.classList.contains('code')) return showMistake('Type the six digits that your app shows.', field)
  if (status === 400 && field) return showMistake('That name can’t be used: 1 to 64 characters, without a colon.', field)
  if (code === 'ERR_TOTP_PROVIDER') return awaitProvider(field)
  if (status >= 500) return showFailure('The vault can’t answer at the moment. Try again in a little while.', field)
  showMistake(message || 'That did not work. Try again.', field)
}

/** All apps were removed in another session. */
function restartSetup () {
  apps = []
  showSetup()
}

/** The code may have been used up although no answer came, so the user needs the next one. */
function awaitProvider (field) {
  const isCode = field?.classList.contains('code') ?? false
  if (isCode) field.value = ''
  showFailure('The service that checks the codes can’t be reached at the moment. Try again in a little while' +
    `${isCode ? ', with a new code' : ''}.`, field)
}

/** Loads the apps. Resolves to true if this session is approved. */
async function loadApps () {
  const { factors, approved, recovery } = await ask('GET', '/totp/factors')
  remaining = recovery?.remaining ?? null
  apps = factors.filter(({ status }) => status === 'verified')
  return approved
}

/** Shows the view for the state of this session. */
async function enter (text = '') {
  const approved = await loadApps()
  if (apps.length === 0) return showSetup('', text)
  try {
    // A session without an approval passes, too, if its browser is remembered.
    if (approved || rememberFor > 0) return await showVault(text)
  } catch (error) {
    if (error.code !== 'ERR_TOTP_CHALLENGE_REQUIRED') throw error
  }
  askForCode(null)
  announce(text)
}

async function showVault (text = '', focus) {
  const { vault, identity } = await ask('GET', '/vault')
  one('remembered').hidden = !await isRemembered()
  forgetEnrollment()
  forgetCodes()
  interrupted = null
  one('vault-content').textContent = `It holds ${vault}, and it is ${identity}’s.`
  one('factors').replaceChildren(...apps.map(factorItem))
  one('remaining').textContent = `${remaining} left. If you lose your phone, each of them opens the vault once.`
  show('vault', { focus: focus?.() })
  announce(text)
}

/** Reloads the vault. */
async function refresh (text, focus) {
  if (!await loadApps()) return await enter(text)
  await showVault(text, focus)
}

/** Whether this browser opens the vault without a code. Only an approved session may see the list. */
async function isRemembered () {
  if (rememberFor === 0) return false
  try {
    const { browsers } = await ask('GET', '/totp/browsers')
    return browsers.some(({ current }) => current)
  } catch (error) {
    if (error.code !== 'ERR_TOTP_CHALLENGE_REQUIRED') throw error
    return true
  }
}

function showSetup (trouble = '', text = '') {
  const isAnother = apps.length > 0
  forgetEnrollment()
  one('setup-lead').textContent = isAnother
    ? 'Another phone or tablet will open the vault too.'
    : 'A password alone can be stolen. A code from your phone keeps the vault closed to everyone else.'
  one('setup-name').value = ''
  show('setup', { focus: one('setup-title'), back: isAnother ? () => enter() : null })
  if (trouble) showMistake(trouble)
  else announce(text)
}

function showEnrollment ({ factor, binding }, name) {
  enrolling = { sid: factor.sid, secret: binding.secret, name }
  one('qr').src = binding.qr
  one('open-app').href = binding.uri
  one('key').textContent = binding.secret.match(/.{1,4}/g).join(' ')
  one('enroll-code').value = ''
  one('copy').textContent = 'Copy key'
  show('enroll', { back: () => cancelEnrollment() })
}

async function cancelEnrollment () {
  await ask('DELETE', `/totp/factors/${enrolling.sid}`).catch(() => {})
  await enter()
}

/** Removes the key from the page. */
function forgetEnrollment () {
  enrolling = null
  one('qr').removeAttribute('src')
  one('open-app').removeAttribute('href')
  one('key').textContent = ''
  one('enroll-code').value = ''
}

/** Shows recovery codes, which the server tells only once. */
function showCodes (codes) {
  shownCodes = codes
  one('codes').replaceChildren(...codes.map(code => Object.assign(document.createElement('li'), { textContent: code })))
  one('codes-kept').checked = false
  show('codes', { focus: one('codes-title') })
}

/** Removes the recovery codes from the page. */
function forgetCodes () {
  shownCodes = []
  one('codes').replaceChildren()
}

function showRecovery () {
  one('recovery-code').value = ''
  show('recovery', { back: () => enter() })
}

/** Asks for a code, and repeats the action afterwards. */
function askForCode (action) {
  interrupted = action
  one('challenge-lead').textContent = action === null
    ? 'Open your authenticator app, and type the six digits that it shows.'
    : 'This action needs a fresh code. Type the six digits that your authenticator app shows now.'
  one('challenge-code').value = ''
  one('remember').checked = false
  offerApps()
  show('challenge', {
    focus: lacksApp() ? one('challenge-app') : undefined,
    back: action === null ? null : () => enter()
  })
}

/** Shows the choice of the app if there are several. */
function offerApps () {
  const select = one('challenge-app')
  const chosen = select.value
  one('which').hidden = apps.length < 2
  select.replaceChildren(new Option(mustChoose ? 'Choose the app' : 'Any of them', ''), ...apps.map(appOption))
  if (apps.some(({ sid }) => sid === chosen)) select.value = chosen
}

/** Numbers apps of the same name, the oldest first. */
function appOption ({ sid, friendlyName }, index) {
  const namesakes = apps.slice(0, index).filter(app => app.friendlyName === friendlyName).length
  return new Option(namesakes === 0 ? friendlyName : `${friendlyName} (${namesakes + 1})`, sid)
}

function lacksApp () {
  return mustChoose && apps.length > 1 && one('challenge-app').value === ''
}

/** The server refused the code without judging it, because several apps could have made it. */
async function askForApp () {
  await loadApps()
  mustChoose = true
  offerApps()
  showMistake('Choose the app that shows the code.', one('challenge-app'))
}

function showLock (seconds, action) {
  const isAnswer = !document.querySelector('[data-view="challenge"]').hidden
  if (!isAnswer) askForCode(action)
  const end = performance.now() + seconds * 1000
  const submit = one('challenge-form').querySelector('[type="submit"]')
  const line = one('countdown')
  one('challenge-code').value = ''
  showMistake(`Too many codes. You can try again in ${spoken(seconds)}.`)
  submit.setAttribute('aria-disabled', 'true')
  line.hidden = false
  tick()
  clearInterval(countdown)
  countdown = setInterval(tick, 250)
  one('challenge-code').focus()

  function tick () {
    const left = Math.ceil((end - performance.now()) / 1000)
    line.textContent = `Try again in ${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
    if (left > 0) return
    stopCountdown()
    announce('You can try again now.')
  }
}

function stopCountdown () {
  clearInterval(countdown)
  countdown = null
  one('countdown').hidden = true
  one('challenge-form').querySelector('[type="submit"]').removeAttribute('aria-disabled')
}

function spoken (seconds) {
  if (seconds < 90) return `${seconds} second${seconds === 1 ? '' : 's'}`
  return `${Math.ceil(seconds / 60)} minutes`
}

function span (seconds) {
  const days = Math.round(seconds / 86_400)
  return days > 0 ? `${days} day${days === 1 ? '' : 's'}` : spoken(seconds)
}

function factorItem (factor) {
  const item = one('factor').content.cloneNode(true).querySelector('li')
  const part = selector => item.querySelector(selector)
  const { sid, friendlyName, verifiedAt, lastUsedAt } = factor
  const url = `/totp/factors/${sid}`
  const input = part('input')

  item.id = sid
  part('.name').textContent = friendlyName
  // A session without an approval doesn't see the dates.
  if (verifiedAt) part('.dates').textContent = `Added ${day(verifiedAt)}, last used ${day(lastUsedAt)}`
  part('[data-do="rename"]').setAttribute('aria-label', `Rename ${friendlyName}`)
  part('[data-do="remove"]').setAttribute('aria-label', `Remove ${friendlyName}`)
  part('.question').textContent = `Remove “${friendlyName}”? Its codes stop working at once, and so do the open ` +
    'sessions on your other devices.'
  part('.confirm').setAttribute('aria-label', `Remove ${friendlyName}?`)

  part('[data-do="rename"]').addEventListener('click', () => {
    only('form')
    input.value = friendlyName
    input.select()
    input.focus()
  })
  part('[data-do="remove"]').addEventListener('click', () => {
    only('.confirm')
    part('[data-do="confirm"]').focus()
  })
  for (const keep of item.querySelectorAll('[data-do="keep"]')) {
    keep.addEventListener('click', () => {
      const opener = part('.confirm').hidden ? 'rename' : 'remove'
      only('.actions')
      part(`[data-do="${opener}"]`).focus()
    })
  }
  part('form').addEventListener('submit', event => {
    event.preventDefault()
    run(async () => {
      await ask('PATCH', url, { friendlyName: input.value.trim() })
      await refresh('The new name is saved.', () => document.querySelector(`#${sid} [data-do="rename"]`))
    }, input)
  })
  part('[data-do="confirm"]').addEventListener('click', () => run(async () => {
    await ask('DELETE', url)
    await enter(`“${friendlyName}” is removed.`)
  }))

  function only (selector) {
    for (const other of ['.actions', 'form', '.confirm']) part(other).hidden = other !== selector
  }

  return item
}

function day (iso) {
  return new Date(iso).toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' })
}

function startOver (trouble = '') {
  forgetEnrollment()
  forgetCodes()
  interrupted = null
  one('login-form').reset()
  one('challenge-code').value = ''
  one('recovery-code').value = ''
  one('vault-content').textContent = ''
  one('factors').replaceChildren()
  apps = []
  mustChoose = false
  show('login')
  if (trouble) showMistake(trouble)
}

function onSubmit (id, action) {
  one(id).addEventListener('submit', event => {
    event.preventDefault()
    if (one(id).querySelector('[type="submit"]').getAttribute('aria-disabled') === 'true') return
    const empty = [...one(id).querySelectorAll('[required]')].find(({ value }) => value.trim() === '')
    if (empty) return showMistake(`Fill in “${one(id).querySelector(`[for="${empty.id}"]`).textContent.trim()}”.`, empty)
    run(action, one(id).querySelector('.code') ?? one(id).querySelector('input'))
  })
}

onSubmit('login-form', async () => {
  try {
    await ask('POST', '/login', { username: one('username').value, password: one('password').value })
  } catch (error) {
    if (error.status === 400) return showMistake('Choose a name of 1 to 64 characters.', one('username'))
    if (error.status !== 401) throw error
    one('password').value = ''
    return showMistake('The name or the password is wrong. The password is “demo”.', one('password'))
  }
  one('password').value = ''
  await enter()
})

onSubmit('setup-form', async () => {
  const field = one('setup-name')
  if (!field.checkValidity()) return showMistake('Choose a name without a colon.', field)
  showEnrollment(await ask('POST', '/totp/factors', {}), field.value.trim())
})

onSubmit('enroll-form', async () => {
  const { sid, name } = enrolling
  let codes = []
  try {
    const verified = await ask('POST', `/totp/factors/${sid}/verify`, { code: one('enroll-code').value.trim() })
    codes = verified.recoveryCodes ?? []
  } catch (error) {
    if (error.code !== 'ERR_TOTP_CHALLENGE_DENIED' || await isEnrolling(sid)) throw error
    return showSetup('Too many wrong codes, so this QR code is no longer valid. Start over with a new one, and delete ' +
      'the old entry in your app.')
  }
  // The name stands in the list alone: in the app it would take the place of the account's.
  if (name) await ask('PATCH', `/totp/factors/${sid}`, { friendlyName: name }).catch(() => {})
  if (codes.length > 0) {
    forgetEnrollment()
    return showCodes(codes)
  }
  await enter(apps.length > 0 ? 'The new app opens the vault too.' : 'Done: from now on your app opens the vault.')
})

onSubmit('codes-form', async () => {
  const box = one('codes-kept')
  if (!box.checked) return showMistake('Keep the codes first: they are not shown again.', box)
  await enter('Done: from now on your app opens the vault.')
})

onSubmit('recovery-form', async () => {
  const { remaining: left } = await ask('POST', '/totp/recovery', { code: one('recovery-code').value })
  one('recovery-code').value = ''
  await enter(`You are in, and ${left} recovery code${left === 1 ? ' is' : 's are'} left. Add your new phone, remove the ` +
    'lost one, and then make new codes.')
})

/** False after the last wrong code, which ends an enrollment. */
async function isEnrolling (sid) {
  const { factors } = await ask('GET', '/totp/factors')
  return factors.some(factor => factor.sid === sid)
}

onSubmit('challenge-form', async () => {
  const code = one('challenge-code').value.trim()
  const factorSid = one('challenge-app').value
  if (lacksApp()) return showMistake('Choose the app that shows the code.', one('challenge-app'))
  try {
    const remember = one('remember').checked ? { remember: true } : {}
    await ask('POST', '/totp/challenges', { code, ...remember, ...factorSid ? { factorSid } : {} })
  } catch (error) {
    if (error.status === 400 && !factorSid && /^\d{3}[ -]?\d{3}$/.test(code)) return await askForApp()
    if (error.code === 'ERR_TOTP_FACTOR_NOT_FOUND') {
      await enter()
      return showMistake('That app was removed. Choose another one.')
    }
    // The session lost its approval while the code was on its way, so the user must answer again.
    if (error.code === 'ERR_TOTP_CHALLENGE_REQUIRED') return askForCode(interrupted)
    throw error
  }
  const action = interrupted
  interrupted = null
  await enter()
  if (action === null) return
  busy = false
  await run(action)
})

function onClick (id, action) {
  one(id).addEventListener('click', () => run(action))
}

onClick('transfer', async () => {
  await ask('POST', '/transfer')
  announce('Sent: the gold is on its way.')
})
onClick('lock', async () => {
  // Otherwise this browser would open it again without a code.
  if (rememberFor > 0) await ask('DELETE', '/totp/browsers/current')
  await ask('DELETE', '/totp/approval')
  askForCode(null)
  announce('The vault is locked.')
})
onClick('forget', async () => {
  await ask('DELETE', '/totp/browsers/current')
  await enter('This browser is forgotten: its next login needs a code.')
})
onClick('add', () => showSetup())
onClick('lost', () => showRecovery())
onClick('closed-lost', () => showRecovery())
onClick('new-codes', async () => showCodes((await ask('POST', '/totp/recovery-codes')).recoveryCodes))
onClick('copy-codes', async () => {
  try {
    await navigator.clipboard.writeText(shownCodes.join('\n'))
    announce('The codes are copied.')
  } catch {
    document.getSelection().selectAllChildren(one('codes'))
    announce('The codes are selected: copy them with your keyboard.')
  }
})
onClick('download-codes', () => {
  const url = URL.createObjectURL(new Blob([`Gold Vault: recovery codes\n\n${shownCodes.join('\n')}\n`]))
  const link = Object.assign(document.createElement('a'), { href: url, download: 'gold-vault-recovery-codes.txt' })
  link.click()
  URL.revokeObjectURL(url)
})
onClick('copy', async () => {
  const button = one('copy')
  try {
    await navigator.clipboard.writeText(enrolling.secret)
    button.textContent = 'Copied'
    announce('The key is copied.')
  } catch {
    const selection = document.getSelection()
    selection.selectAllChildren(one('key'))
    announce('The key is selected: copy it with your keyboard.')
  }
})
onClick('logout', async () => {
  await ask('POST', '/logout')
  startOver()
  announce('You are logged out.')
})
onClick('retry', () => location.reload())

for (const button of document.querySelectorAll('[data-back]')) {
  button.addEventListener('click', () => run(() => goBack?.()))
}

one('remember-choice').hidden = rememberFor === 0
one('remember-for').textContent = span(rememberFor)

ask('GET', '/totp/factors').then(() => run(() => enter()), refusal => {
  if (refusal.status === 0 || refusal.status >= 500) return show('unreachable')
  startOver()
})
