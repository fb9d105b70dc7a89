import { html } from '../html.js'
import type { RecoverPage } from '../page.js'
import { recoveryCodeField } from './fields.js'
import { form, linkTo, type Scene, type View } from './scene.js'

/** The form for a recovery code or a pass. */
export function viewRecover ({ problem, hasRecoveryCodes }: RecoverPage, scene: Scene): View {
  const { brand, speech } = scene
  const { recover, recoveryCode } = speech.words
  const askForHelp = recover.askForHelp(brand.name)
  return {
    title: recover.title,
    hasProblem: problem !== null,
    body: html`<p>${hasRecoveryCodes ? recover.howTo : askForHelp}</p>
${form(scene, '/recover', {}, html`${recoveryCodeField(speech, problem && recoveryCode[problem.is], true)}
<button>${recover.submit}</button>`)}
${hasRecoveryCodes && html`<h2>${recover.noCodes}</h2>
<p>${askForHelp}</p>
`}<p class="more"><a href="${linkTo(scene, '/challenge')}">${recover.back}</a></p>`
  }
}
