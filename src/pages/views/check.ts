import { html } from '../html.js'
import type { CheckPage } from '../page.js'
import { checkForm } from './new-codes.js'
import { linkTo, type Scene, type View } from './scene.js'

/** The form that checks that the user has kept the codes. */
export function viewCheck ({ problem }: CheckPage, scene: Scene): View {
  const { newCodes, recoveryCode } = scene.speech.words
  const errors = { denied: newCodes.denied, malformed: recoveryCode.malformed }
  return {
    title: newCodes.checkTitle,
    hasProblem: problem !== null,
    body: html`<p>${newCodes.checkHint}</p>
${checkForm(scene, { isFirst: true, error: problem && errors[problem.is] })}
<p class="more">${newCodes.lost} <a href="${linkTo(scene, '/codes')}">${newCodes.createAgain}</a></p>`
  }
}
