import { html, type Html } from '../html.js'
import type { ChallengePage } from '../page.js'
import { alert, codeField, countdown, timeLeft } from './fields.js'
import { around, form, linkTo, type Scene, type View } from './scene.js'

/** The form for a code at a login. */
export function viewChallenge (page: ChallengePage, scene: Scene): View {
  const { challenge } = scene.speech.words
  return {
    title: challenge.title,
    hasProblem: page.problem !== null || page.state.is !== 'open',
    body: page.state.is === 'disabled' ? disabled(page, scene) : asking(page, scene)
  }
}

function disabled ({ hasRecoveryCodes }: ChallengePage, scene: Scene): Html {
  const { brand: { name }, speech: { words: { challenge } } } = scene
  const [whatToDo, how] = hasRecoveryCodes
    ? [challenge.whatToDo(name), challenge.useRecoveryCode]
    : [challenge.whatToDoWithoutCodes(name), challenge.useCodeOfSite(name)]
  return html`${alert(challenge.disabled)}
<p>${whatToDo} ${challenge.notYours}</p>
<p><a class="button" href="${linkTo(scene, '/recover')}">${how}</a></p>
<p class="more"><a href="${linkTo(scene, '/recover')}">${challenge.lostPhone}</a></p>`
}

function asking (page: ChallengePage, scene: Scene): Html {
  const { brand, speech } = scene
  const { challenge } = speech.words
  const { state } = page
  return html`<p>${challenge.howTo(brand.name)}</p>
${form(scene, '/challenge', {}, html`
${state.is === 'locked' && html`${alert(challenge.locked, 'locked')}
${countdown(around(challenge.wait, timeLeft(speech, state.seconds)), challenge.waited)}`}
<fieldset class="bare">
${page.choices.length > 0 && choices(page, scene)}
${codeField(speech, page.codeLengths, {
  problem: page.problem, isFirst: true, ...(state.is === 'locked' && { also: 'locked wait' })
})}
${page.remember !== null && html`<div class="check">
<input type="checkbox" id="remember" name="remember" value="on" aria-describedby="remember-hint">
<label for="remember">${challenge.remember(speech.duration(page.remember))}</label>
<p class="hint" id="remember-hint">${challenge.rememberHint}</p>
</div>`}
<button>${challenge.submit}</button>
</fieldset>`)}
<p class="more"><a href="${linkTo(scene, '/recover')}">${challenge.lostPhone}</a></p>`
}

function choices ({ choices }: ChallengePage, { speech: { words: { challenge } } }: Scene): Html {
  return html`<fieldset class="choices">
<legend>${challenge.which}</legend>
${choices.map(({ sid, name }, index) => html`<label><input type="radio" name="factorSid" value="${sid}" required${index === 0 && html` checked`}> <bdi translate="no">${name}</bdi></label>`)}
</fieldset>`
}
