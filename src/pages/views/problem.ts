import { html } from '../html.js'
import type { ProblemPage } from '../page.js'
import { manageLink } from './frame.js'
import type { Scene, View } from './scene.js'

/** What went wrong, and what to do. */
export function viewProblem ({ problem }: ProblemPage, scene: Scene): View {
  const { brand, home, speech: { words } } = scene
  const { title, text } = words.problem[problem]
  return {
    title,
    hasProblem: true,
    body: html`<p>${text}</p>
${problem === 'loggedOut'
  ? html`<p><a class="button" href="${home}">${words.frame.leave(brand.name)}</a></p>`
  : manageLink(scene)}`
  }
}
