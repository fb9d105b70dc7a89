/* global document, fetch, Option, navigator, location, setInterval, clearInterval */

/** What a request was refused with; `code` says why. `status` 0 stands for no answer at all. */
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

/** What Cancel does in the view that is shown. */
let goBack = null
/** What the user wanted to do when a code was asked for. */
let interrupted = null
let enrolling = null
/** The verified factors, as they were last seen. */
let apps = []
/** Whether a code is judged only when its app is named: with Twilio, as soon as there are several. */
let mustChoose = false
let countdown = null
let busy = false

async function ask (method, url, body) {
  const json = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(url, { method, ...json }).catch(() => { throw new Refusal(0) })
  const text = await response.text().catch(() => '')
  const answer = text.startsWith('{') ? JSON.parse(text) : {}
  if (!response.ok) throw new Refusal(response.status, answer, Number(response.headers.get('retry-after')))
  return answer
}

/** Shows one view, and puts the focus where its user goes on: the given element, or its first field, or its title. */
function show (name, { focus, back = null } = {}) {
  say('')
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

function say (text) {
  problem.textContent = ''
  news.textContent = text
  for (const field of document.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid')
}

/** Tells what went wrong; the field in question is marked, emptied if it is a code, and has the focus. */
function complain (text, field) {
  say('')
  problem.textContent = text
  if (!field) return
  field.setAttribute('aria-invalid', 'true')
  if (field.classList.contains('code')) field.value = ''
  field.focus()
}

/** The same for what is not the user's mistake: nothing has to be typed again. */
function regret (text, field) {
  complain(text)
  field?.focus()
}

/** Runs what a button or form does, one thing at a time, and explains what comes back when it isn't what was wanted. */
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
  if (status === 0) return regret('No connection to the vault. Check your network and try again.', field)
  if (code === 'ERR_TOTP_UNIDENTIFIED') return startOver('You are logged out. Log in to go on.')
  if (code === 'ERR_TOTP_CHALLENGE_REQUIRED') return askForCode(action)
  if (code === 'ERR_TOTP_NOT_ENROLLED') return startAnew()
  if (code === 'ERR_TOTP_DISABLED') return show('closed')
  if (code === 'ERR_TOTP_LOCKED' && apps.length > 0) return showLock(retryAfter, action)
  if (code === 'ERR_TOTP_LOCKED') return regret(`That was too much at once. Try again in ${spoken(retryAfter)}.`, field)
  if (code === 'ERR_TOTP_CHALLENGE_DENIED') {
    return complain('That code was not accepted. Wait for the next one, and type that.', field)
  }
  if (code === 'ERR_TOTP_FACTOR_NOT_FOUND' && enrolling !== null) {
    return showSetup('This picture is no longer good: each lasts ten minutes and five tries at most. Please start ' +
      'again with a new one, and delete what your app has of the old one.')
  }
  if (code === 'ERR_TOTP_FACTOR_LIMIT') return complain('You have as many apps as you can. Remove one first.')
  if (status === 400 && field?.classList.contains('code')) return complain('Type the six digits that your app shows.', field)
  if (status === 400 && field) return complain('That name can’t be used: 1 to 64 characters, without a colon.', field)
  if (code === 'ERR_TOTP_PROVIDER') return awaitProvider(field)
  if (status >= 500) return regret('The vault can’t answer at the moment. Try again in a little while.', field)
  complain(message || 'That did not work. Try again.', field)
}

/** All apps were removed, elsewhere. */
function startAnew () {
  apps = []
  showSetup()
}

/** Nobody knows whether the code was judged, and a code is judged once: it takes the next one. */
function awaitProvider (field) {
  const isCode = field?.classList.contains('code') ?? false
  if (isCode) field.value = ''
  regret('The service that checks the codes can’t be reached at the moment. Try again in a little while' +
    `${isCode ? ', with a new code' : ''}.`, field)
}

/** Looks which apps there are, and whether the vault is open. */
async function look () {
  const { factors, approved } = await ask('GET', '/totp/factors')
  apps = factors.filter(({ status }) => status === 'verified')
  return approved
}

/** Finds out where the user stands, and shows the view for it. */
async function enter (text = '') {
  const approved = await look()
  if (apps.length === 0) return showSetup('', text)
  if (!approved) {
    askForCode(null)
    return say(text)
  }
  await showVault(text)
}

async function showVault (text = '', focus) {
  const { vault, identity } = await ask('GET', '/vault')
  forgetEnrollment()
  interrupted = null
  one('vault-content').textContent = `It holds ${vault}, and it is ${identity}’s.`
  one('factors').replaceChildren(...apps.map(factorItem))
  show('vault', { focus: focus?.() })
  say(text)
}

/** Shows the vault as it is now. */
async function refresh (text, focus) {
  if (!await look()) return await enter(text)
  await showVault(text, focus)
}

function showSetup (trouble = '', text = '') {
  const isAnother = apps.length > 0
  forgetEnrollment()
  one('setup-lead').textContent = isAnother
    ? 'Another phone or tablet will open the vault too.'
    : 'A password alone can be stolen. A code from your phone keeps the vault closed to everybody else.'
  one('setup-name').value = ''
  show('setup', { focus: one('setup-title'), back: isAnother ? () => enter() : null })
  if (trouble) complain(trouble)
  else say(text)
}

function showEnrollment ({ factor, binding }) {
  enrolling = { sid: factor.sid, secret: binding.secret }
  one('qr').src = binding.qr
  one('key').textContent = binding.secret.match(/.{1,4}/g).join(' ')
  one('enroll-code').value = ''
  one('copy').textContent = 'Copy key'
  show('enroll', { back: () => cancelEnrollment() })
}

async function cancelEnrollment () {
  await ask('DELETE', `/totp/factors/${enrolling.sid}`).catch(() => {})
  await enter()
}

/** The key has no business on the page once it was used. */
function forgetEnrollment () {
  enrolling = null
  one('qr').removeAttribute('src')
  one('key').textContent = ''
  one('enroll-code').value = ''
}

/** Asks for a code, and then goes on with what was interrupted. */
function askForCode (action) {
  interrupted = action
  one('challenge-lead').textContent = action === null
    ? 'Open your authenticator app, and type the six digits that it shows.'
    : 'This takes a fresh code. Type the six digits that your authenticator app shows now.'
  one('challenge-code').value = ''
  offerApps()
  show('challenge', {
    focus: lacksApp() ? one('challenge-app') : undefined,
    back: action === null ? null : () => enter()
  })
}

/** Whose code it is, is a question only where there are several apps. */
function offerApps () {
  const select = one('challenge-app')
  const chosen = select.value
  one('which').hidden = apps.length < 2
  select.replaceChildren(new Option(mustChoose ? 'Choose the app' : 'Any of them', ''), ...apps.map(appOption))
  if (apps.some(({ sid }) => sid === chosen)) select.value = chosen
}

/** Names may be equal; then the apps are numbered, the oldest first. */
function appOption ({ sid, friendlyName }, index) {
  const namesakes = apps.slice(0, index).filter(app => app.friendlyName === friendlyName).length
  return new Option(namesakes === 0 ? friendlyName : `${friendlyName} (${namesakes + 1})`, sid)
}

function lacksApp () {
  return mustChoose && apps.length > 1 && one('challenge-app').value === ''
}

/** The code was not judged, because it could be of several apps. */
async function askForApp () {
  await look()
  mustChoose = true
  offerApps()
  complain('Choose the app that shows the code.', one('challenge-app'))
}

function showLock (seconds, action) {
  const isAnswer = !document.querySelector('[data-view="challenge"]').hidden
  if (!isAnswer) askForCode(action)
  const end = performance.now() + seconds * 1000
  const submit = one('challenge-form').querySelector('[type="submit"]')
  const line = one('countdown')
  one('challenge-code').value = ''
  complain(`Too many codes. You can try again in ${spoken(seconds)}.`)
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
    say('You can try again now.')
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

function factorItem (factor) {
  const item = one('factor').content.cloneNode(true).querySelector('li')
  const part = selector => item.querySelector(selector)
  const { sid, friendlyName, verifiedAt, lastUsedAt } = factor
  const url = `/totp/factors/${sid}`
  const input = part('input')

  item.id = sid
  part('.name').textContent = friendlyName
  part('.dates').textContent = `Added ${day(verifiedAt)}, last used ${day(lastUsedAt)}`
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
  interrupted = null
  one('login-form').reset()
  one('challenge-code').value = ''
  one('vault-content').textContent = ''
  one('factors').replaceChildren()
  apps = []
  mustChoose = false
  show('login')
  if (trouble) complain(trouble)
}

function onSubmit (id, action) {
  one(id).addEventListener('submit', event => {
    event.preventDefault()
    if (one(id).querySelector('[type="submit"]').getAttribute('aria-disabled') === 'true') return
    const empty = [...one(id).querySelectorAll('[required]')].find(({ value }) => value.trim() === '')
    if (empty) return complain(`Fill in “${one(id).querySelector(`[for="${empty.id}"]`).textContent.trim()}”.`, empty)
    run(action, one(id).querySelector('.code') ?? one(id).querySelector('input'))
  })
}

onSubmit('login-form', async () => {
  try {
    await ask('POST', '/login', { username: one('username').value, password: one('password').value })
  } catch (error) {
    if (error.status === 400) return complain('Take a name of 1 to 64 characters.', one('username'))
    if (error.status !== 401) throw error
    one('password').value = ''
    return complain('The name or the password is wrong. The password is “demo”.', one('password'))
  }
  one('password').value = ''
  await enter()
})

onSubmit('setup-form', async () => {
  const friendlyName = one('setup-name').value.trim()
  showEnrollment(await ask('POST', '/totp/factors', friendlyName ? { friendlyName } : {}))
})

onSubmit('enroll-form', async () => {
  await ask('POST', `/totp/factors/${enrolling.sid}/verify`, { code: one('enroll-code').value.trim() })
  await enter(apps.length > 0 ? 'The new app opens the vault too.' : 'Done: from now on your app opens the vault.')
})

onSubmit('challenge-form', async () => {
  const code = one('challenge-code').value.trim()
  const factorSid = one('challenge-app').value
  if (lacksApp()) return complain('Choose the app that shows the code.', one('challenge-app'))
  try {
    await ask('POST', '/totp/challenges', factorSid ? { code, factorSid } : { code })
  } catch (error) {
    if (error.status === 400 && !factorSid && /^\d{3}[ -]?\d{3}$/.test(code)) return await askForApp()
    if (error.code === 'ERR_TOTP_FACTOR_NOT_FOUND') {
      await enter()
      return complain('That app is gone. Take another one.')
    }
    // An approval taken away while the code was under way: that code is as good as never given.
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
  say('Sent: the gold is on its way.')
})
onClick('lock', async () => {
  await ask('DELETE', '/totp/approval')
  askForCode(null)
  say('The vault is locked.')
})
onClick('add', () => showSetup())
onClick('copy', async () => {
  const button = one('copy')
  try {
    await navigator.clipboard.writeText(enrolling.secret)
    button.textContent = 'Copied'
    say('The key is copied.')
  } catch {
    const selection = document.getSelection()
    selection.selectAllChildren(one('key'))
    say('The key is selected: copy it with your keyboard.')
  }
})
onClick('logout', async () => {
  await ask('POST', '/logout')
  startOver()
  say('You are logged out.')
})
onClick('retry', () => location.reload())

for (const button of document.querySelectorAll('[data-back]')) {
  button.addEventListener('click', () => run(() => goBack?.()))
}

ask('GET', '/totp/factors').then(() => run(() => enter()), refusal => {
  if (refusal.status === 0 || refusal.status >= 500) return show('unreachable')
  startOver()
})
