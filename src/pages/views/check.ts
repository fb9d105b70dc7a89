import { html } from '../html.js'
import type { CheckPage } from '../page.js'
import { checkForm } from './new-codes.js'
import { linkTo, type Scene, type View } from './scene.js'

/** The form again, after a code that isn't one of the set's. */
export function viewCheck ({ problem }: CheckPage, scene: Scene): View {
  const { newCodes, recoveryCode } = scene.speech.words
  return {
    title: newCodes.checkTitle,
    hasProblem: true,
    body: html`<p>${newCodes.checkHint}</p>
${checkForm(scene, problem.is === 'denied' ? newCodes.denied : recoveryCode.malformed)}
<p class="more">${newCodes.lost} <a href="${linkTo(scene, '/codes')}">${newCodes.createAgain}</a></p>`
  }
}
