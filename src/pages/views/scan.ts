import { html } from '../html.js'
import type { ScanPage } from '../page.js'
import { codeField, copyButton } from './fields.js'
import { form, type Scene, type View } from './scene.js'

/** QR code, link and key of a new app, and the form for its first code. */
export function viewScan (page: ScanPage, scene: Scene): View {
  const { speech } = scene
  const { scan } = speech.words
  return {
    title: scan.title,
    hasProblem: page.problem !== null,
    isWide: true,
    body: html`
<div class="columns">
<section aria-labelledby="add">
<h2 id="add">${scan.add}</h2>
<p class="app-link"><a class="button" href="${page.uri}">${scan.openApp}</a></p>
<p class="narrow">${scan.scanElsewhere}</p>
<p class="broad">${scan.howToScan}</p>
<p class="qr"><img src="${page.qr}" alt="${scan.qr}" width="232" height="232"></p>
<details>
<summary>${scan.cannotScan}</summary>
<p>${scan.howToType}</p>
<p class="key"><span class="label">${scan.key}</span> <code id="key" translate="no" dir="ltr">${page.secret.replace(/.{4}(?=.)/g, '$& ')}</code></p>
${copyButton(speech, scan.copyKey, 'key')}
</details>
</section>
<section aria-labelledby="confirm">
<h2 id="confirm">${scan.confirm}</h2>
<p>${scan.entry} <strong class="entry" translate="no"><bdi>${page.issuer}</bdi>: <bdi>${page.label}</bdi></strong></p>
${form(scene, '/enroll', { action: 'verify' }, html`${codeField(speech, [page.codeLength], { problem: page.problem, isFirst: page.problem !== null })}
<button>${scan.verify}</button>`)}
${form(scene, '/enroll', { action: 'cancel' }, html`<button class="link">${scan.cancel}</button>`)}
</section>
</div>`
  }
}
