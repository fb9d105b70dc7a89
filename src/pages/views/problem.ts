import { html } from '../html.js'
import type { ProblemPage } from '../page.js'
import { manageLink } from './frame.js'
import type { Scene, View } from './scene.js'

/** What went wrong, and what to do. */
export function viewProblem ({ problem }: ProblemPage, scene: Scene): View {
  const { title, text } = scene.speech.words.problem[problem]
  return {
    title,
    hasProblem: true,
    body: html`<p>${text}</p>
${problem !== 'loggedOut' && manageLink(scene)}`
  }
}
