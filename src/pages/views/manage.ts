import { html, type Html } from '../html.js'
import type { AppRow, ManagePage } from '../page.js'
import { nameField } from './fields.js'
import { form, linkTo, type Scene, type View } from './scene.js'

/** Recovery codes from which on the user is told to create new ones. */
const FEW = 3

/** The user's apps, recovery codes and browsers. */
export function viewManage (page: ManagePage, scene: Scene): View {
  const { words } = scene.speech
  return {
    title: words.manage.title,
    hasProblem: page.refusedName !== null,
    body: html`
${page.apps.length === 0 && unprotected(scene)}
${!page.isApproved && page.apps.length > 0 && unapproved(scene)}
${page.apps.length > 0 && apps(page, scene)}
${page.recoveryCodes !== null && page.apps.length > 0 && recoveryCodes(page.recoveryCodes, scene)}
${page.remembered !== null && page.apps.length > 0 && browsers(page.remembered, scene)}`
  }
}

function unprotected (scene: Scene): Html {
  const { manage } = scene.speech.words
  return html`<p>${manage.unprotected}</p>
<p><a class="button" href="${linkTo(scene, '/enroll')}">${manage.setUp}</a></p>`
}

function unapproved (scene: Scene): Html {
  const { manage } = scene.speech.words
  return html`<p>${manage.unapproved}</p>
<p><a class="button" href="${linkTo(scene, '/challenge')}">${manage.enterCode}</a></p>`
}

function apps (page: ManagePage, scene: Scene): Html {
  const { manage } = scene.speech.words
  return html`<section aria-labelledby="apps">
<h2 id="apps">${manage.apps}</h2>
<ul class="rows">${page.apps.map(app => html`<li>
<h3 dir="auto" translate="no">${app.name}</h3>
${page.isApproved && html`${dates(app, scene)}
<div class="tools">${renaming(app, page, scene)}${removal(app, page, scene)}</div>`}
</li>`)}</ul>
${page.isApproved && (page.canAdd
  ? html`<p><a class="button quiet" href="${linkTo(scene, '/enroll')}">${manage.addApp}</a></p>`
  : html`<p class="hint">${manage.noRoom}</p>`)}
</section>`
}

function dates ({ verifiedAt, lastUsedAt }: AppRow, { speech: { words: { manage }, date } }: Scene): Html {
  return html`<p class="hint">${verifiedAt !== null && html`<span>${manage.added(date(verifiedAt))}</span> `}<span>${
    lastUsedAt === null ? manage.neverUsed : manage.lastUsed(date(lastUsedAt))}</span></p>`
}

function renaming ({ sid, name }: AppRow, { refusedName }: ManagePage, scene: Scene): Html {
  const { manage } = scene.speech.words
  const typed = refusedName?.sid === sid ? refusedName.typed : null
  return html`<details${typed !== null && html` open`}>
<summary>${manage.rename} <span class="hidden">${name}</span></summary>
${form(scene, '/', { action: 'rename', sid }, html`${nameField({
  id: `name-${sid}`, label: manage.name, value: typed ?? name, error: typed === null ? null : manage.refusedName
})}
<button>${manage.saveName}</button>`)}
</details>`
}

function removal ({ sid, name }: AppRow, { apps, recoveryCodes }: ManagePage, scene: Scene): Html {
  const { manage } = scene.speech.words
  const losesCodes = recoveryCodes !== null && recoveryCodes > 0
  const losing = html`${manage.removingLast}${losesCodes && ` ${manage.removingCodes}`}`
  const isLast = apps.length === 1
  return html`<details>
<summary>${manage.remove} <span class="hidden">${name}</span></summary>
${form(scene, '/', { action: isLast ? 'removeLast' : 'remove', sid }, html`<p>${isLast ? losing : manage.removing}</p>
<button class="danger">${manage.removeApp}</button>`)}
</details>`
}

function recoveryCodes (left: number, scene: Scene): Html {
  const { words: { manage }, count } = scene.speech
  return html`<section aria-labelledby="codes">
<h2 id="codes">${manage.recoveryCodes}</h2>
${left === 0
  ? html`<p class="warning">${manage.noCodesLeft}</p>`
  : html`<p>${count(manage.codesLeft, left)} ${left <= FEW ? manage.fewCodesLeft : manage.codesUse}</p>`}
<p><a class="button quiet" href="${linkTo(scene, '/codes')}">${manage.newCodes}</a></p>
</section>`
}

function browsers (remembered: number, scene: Scene): Html {
  const { words: { manage }, count } = scene.speech
  return html`<section aria-labelledby="browsers">
<h2 id="browsers">${manage.browsers}</h2>
${remembered === 0
  ? html`<p>${manage.noBrowsers}</p>`
  : html`<p>${count(manage.browsersRemembered, remembered)}</p>
<p><a class="button quiet" href="${linkTo(scene, '/remembered')}">${manage.seeBrowsers}</a></p>`}
</section>`
}
