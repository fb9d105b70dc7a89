import { html, type Html } from '../html.js'
import type { NewCodesPage } from '../page.js'
import { copyButton, recoveryCodeField } from './fields.js'
import { form, linkOnward, type Scene, type View } from './scene.js'

/** New recovery codes, and the check that the user has kept them. */
export function viewNewCodes ({ codes, isFirst }: NewCodesPage, scene: Scene): View {
  const { speech } = scene
  const { newCodes } = speech.words
  return {
    title: newCodes.title,
    isWide: true,
    ...(isFirst && { notice: newCodes.works }),
    body: html`
<p>${newCodes.keep}</p>
<p>${newCodes.where}</p>
<ul class="codes" id="codes" aria-label="${newCodes.list}" translate="no" dir="ltr">${codes.map(code => html`
<li><code>${code}</code></li>`)}
</ul>
<p class="actions">${copyButton(speech, newCodes.copy, 'codes')}
<a class="button quiet" download="${newCodes.file}.txt" href="${fileOf(codes, scene)}">${newCodes.download}</a>
<button type="button" class="quiet scripted" data-print>${newCodes.print}</button></p>
<section class="screen-only" aria-labelledby="check">
<h2 id="check">${newCodes.checkTitle}</h2>
<p>${newCodes.checkHint}</p>
${checkForm(scene, { isFirst: false, error: null })}
</section>`
  }
}

/** The form that checks that the user has kept the codes, and the way around it. */
export function checkForm (
  scene: Scene, { isFirst, error }: { readonly isFirst: boolean, readonly error: string | null }
): Html {
  const { speech } = scene
  const { newCodes } = speech.words
  return html`${form(scene, '/codes/check', {}, html`${recoveryCodeField(speech, error, isFirst)}
<button>${newCodes.check}</button>`)}
<p class="more screen-only"><a href="${linkOnward(scene)}">${newCodes.skip}</a></p>`
}

/** The codes as a text file, with whose they are. */
function fileOf (codes: readonly string[], { brand, setting, speech: { words } }: Scene): string {
  const lines = [brand.name, ...(setting.account === null ? [] : [words.frame.account(setting.account)]), '', ...codes, '']
  return `data:text/plain;charset=utf-8,${encodeURIComponent(lines.join('\r\n').toWellFormed())}`
}
