/*
 * What the pages can do better with a script. They work without: what needs this script has the class
 * "scripted" and is hidden until the document has it too.
 */
const root = document.documentElement
root.classList.add('scripted')

// Copies the text of an element.
for (const button of document.querySelectorAll('[data-copy]')) {
  const status = document.createElement('span')
  status.role = 'status'
  status.className = 'done'
  button.after(status)
  button.addEventListener('click', async () => {
    const source = document.getElementById(button.dataset.copy)
    const lines = source.children.length > 0 ? [...source.children].map(child => child.textContent) : [source.textContent]
    try {
      await navigator.clipboard.writeText(lines.map(line => line.trim()).join('\n'))
      status.textContent = button.dataset.done
    } catch {
      // Without a clipboard, as over plain HTTP, the text is marked for the user to copy.
      getSelection().selectAllChildren(source)
    }
  })
}

for (const button of document.querySelectorAll('[data-print]')) {
  button.addEventListener('click', () => print())
}

// Sends a form once, however often its button is pressed, until the page is shown again. No event tells that the
// user has stopped the browser from waiting, so ten seconds later the form may be sent anew.
const sent = new Map()
addEventListener('submit', event => {
  const { target: form, timeStamp } = event
  if (timeStamp - sent.get(form) < 10_000) event.preventDefault()
  else sent.set(form, timeStamp)
})
addEventListener('pageshow', () => sent.clear())

// Counts down, and frees the fields in the end.
for (const wait of document.querySelectorAll('.wait')) {
  const fields = wait.closest('form').querySelector('fieldset')
  const left = wait.querySelector('[data-left]')
  const end = performance.now() + left.dataset.left * 1000
  const show = () => {
    const seconds = Math.ceil((end - performance.now()) / 1000)
    fields.disabled = seconds > 0
    if (seconds > 0) {
      const units = [['hour', 3600], ['minute', 60], ['second', 1]]
      const [unit, length] = units.find(([, length]) => seconds >= 2 * length || length === 1)
      left.textContent = new Intl.NumberFormat(root.lang, { style: 'unit', unit, unitDisplay: 'long' })
        .format(Math.ceil(seconds / length))
      return
    }
    clearInterval(timer)
    wait.role = 'status'
    wait.textContent = wait.dataset.done
    fields.querySelector('input')?.focus()
  }
  const timer = setInterval(show, 1000)
  show()
}
