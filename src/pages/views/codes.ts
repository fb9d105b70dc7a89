import { html } from '../html.js'
import type { CodesPage } from '../page.js'
import { manageLink } from './frame.js'
import { form, type Scene, type View } from './scene.js'

/** How many recovery codes are left, and the button that replaces them. */
export function viewCodes ({ remaining, once }: CodesPage, scene: Scene): View {
  const { words: { codes }, count } = scene.speech
  return {
    title: codes.title,
    body: html`<p><strong>${remaining === 0 ? codes.none : count(codes.left, remaining)}</strong></p>
<p>${codes.use}</p>
${remaining > 0 && html`<p>${codes.replacing}</p>`}
${form(scene, '/codes', { action: 'create', once }, html`<button>${codes.create}</button>`)}
${manageLink(scene)}`
  }
}
