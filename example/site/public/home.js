// The site's own login and buttons: JSON to its own routes. The second factor has pages that need no script.
async function post (path, body) {
  const json = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(path, { method: 'POST', ...json })
  if (response.ok) return true
  say((await response.json()).message)
  return false
}

function say (text) {
  document.querySelector('[role=status]').textContent = text
}

// This runs before the page has a form or a button, so the document listens for them.
document.addEventListener('submit', async event => {
  if (event.target.id !== 'login') return
  event.preventDefault()
  if (await post('/login', Object.fromEntries(new FormData(event.target)))) window.location.assign('/')
})

document.addEventListener('click', async event => {
  const button = event.target.closest('button[data-post]')
  if (!button || !await post(button.dataset.post)) return
  if (button.dataset.then) window.location.assign(button.dataset.then)
  else say(button.dataset.done)
})
