// The site's own login and buttons: JSON to its own routes. The second factor has pages that need no script.
const status = document.querySelector('[role=status]')

async function post (path, body) {
  const json = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(path, { method: 'POST', ...json })
  if (response.ok) return true
  status.textContent = (await response.json()).message
  return false
}

document.querySelector('#login')?.addEventListener('submit', async event => {
  event.preventDefault()
  if (await post('/login', Object.fromEntries(new FormData(event.target)))) window.location.assign('/')
})

for (const button of document.querySelectorAll('button[data-post]')) {
  button.addEventListener('click', async () => {
    if (!await post(button.dataset.post)) return
    if (button.dataset.then) window.location.assign(button.dataset.then)
    else status.textContent = button.dataset.done
  })
}
