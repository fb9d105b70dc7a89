import { html, type Html } from '../html.js'
import type { BrowserRow, RememberedPage } from '../page.js'
import type { Speech } from '../speech.js'
import { manageLink } from './frame.js'
import { form, type Scene, type View } from './scene.js'

/** Browsers that need no code for a while. */
export function viewRemembered ({ browsers }: RememberedPage, scene: Scene): View {
  const { remembered } = scene.speech.words
  return {
    title: remembered.title,
    body: html`<p>${browsers.length === 0 ? remembered.none : remembered.what}</p>
${browsers.length > 0 && html`<ul class="rows">${browsers.map(browser => row(browser, scene))}</ul>`}
${browsers.length > 1 && form(scene, '/remembered', { action: 'forgetAll' }, html`<button class="danger">${remembered.forgetAll}</button>`)}
${manageLink(scene)}`
  }
}

function row ({ sid, name, at, expiresAt, isCurrent }: BrowserRow, scene: Scene): Html {
  const { words: { remembered }, date } = scene.speech
  return html`<li>
<h2 class="name">${browserName(name, scene.speech)}${isCurrent && html` <span class="badge">${remembered.current}</span>`}</h2>
<p class="hint"><span>${remembered.since(date(at))}</span> <span>${remembered.until(date(expiresAt))}</span></p>
${form(scene, '/remembered', { action: 'forget', sid }, html`<button class="quiet">${remembered.forget} <span class="hidden">${browserName(name, scene.speech)}</span></button>`)}
</li>`
}

/** The server names browsers in English, such as "Firefox on Linux". */
function browserName (name: string, { words: { frame } }: Speech): string {
  const [browser = '', system] = name.split(' on ')
  return system === undefined ? browser : frame.browser(browser, system)
}
