import { html } from '../html.js'
import type { StartPage, StartProblem } from '../page.js'
import type { Words } from '../words/words.js'
import { alert, countdown, nameField, timeLeft } from './fields.js'
import { manageLink } from './frame.js'
import { around, form, type Scene, type View } from './scene.js'

/** What an authenticator app is, and the button that begins. */
export function viewStart ({ isFirst, problem }: StartPage, scene: Scene): View {
  const { speech } = scene
  const { start } = speech.words
  const refusedName = problem?.is === 'name' ? problem.typed : null
  const text = problem === null ? null : problemText(problem, start)
  const begin = form(scene, '/enroll', { action: 'begin' }, html`
${problem?.is === 'wait' && countdown(around(start.wait, timeLeft(speech, problem.seconds)), start.waited)}
<fieldset class="bare">
${(!isFirst || refusedName !== null) && nameField({
  id: 'name',
  label: start.name,
  hint: start.nameHint,
  value: refusedName ?? '',
  error: refusedName === null ? null : start.refusedName
})}
<button>${start.begin}</button>
</fieldset>`)
  return {
    title: isFirst ? start.titleFirst : start.titleFurther,
    hasProblem: problem !== null,
    body: html`
${text !== null && alert(text)}
${isFirst && html`<p>${start.whatItIs}</p>
<p>${start.whichApps}</p>`}
${problem?.is !== 'limit' && html`${!isFirst && html`<p>${start.further}</p>`}${begin}`}
${manageLink(scene)}`
  }
}

/** The text above the form; null where it stands in the form. */
function problemText (problem: StartProblem, start: Words['start']): string | null {
  if (problem.is === 'ended') return start.ended
  if (problem.is === 'wrongCodes') return start.wrongCodes
  return problem.is === 'limit' ? start.limit : null
}
