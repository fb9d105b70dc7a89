import { ownOnly } from '../../own-property.js'
import { html, type Html } from '../html.js'
import { around, linkTo, type Scene, type View } from './scene.js'

/** The paths of the files that pages load. */
export interface Files {
  readonly style: string
  readonly script: string
}

/** A whole document. */
export function document (scene: Scene, view: View, files: Files): Html {
  const { at, home, brand, setting, speech: { tag, direction, words } } = scene
  const { title, body, hasProblem = false, isWide = false, notice: done } = ownOnly(view)
  const notice = done ?? (setting.notice && words.notices[setting.notice])
  return html`<!doctype html>
<html lang="${tag}" dir="${direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${hasProblem ? words.frame.problemTitle(title) : title} – ${brand.name}</title>
<link rel="stylesheet" href="${at}/${files.style}">
${brand.style !== undefined && html`<link rel="stylesheet" href="${brand.style}">
`}<script type="module" src="${at}/${files.script}"></script>
</head>
<body${isWide && html` class="wide"`}>
<header>${brand.logo === undefined
  ? html`<p class="brand">${brand.name}</p>`
  : html`<img class="brand" src="${brand.logo}" alt="${brand.name}">`}</header>
<main>
${notice !== null && html`<p class="notice" role="status">${notice}</p>`}
<h1 tabindex="-1">${title}</h1>
${body}
</main>
<footer>
${setting.account !== null && html`<p>${around(words.frame.account, html`<bdi translate="no">${setting.account}</bdi>`)}</p>`}
<p><a href="${home}">${words.frame.leave(brand.name)}</a></p>
</footer>
</body>
</html>
`
}

/** The link to the page of the user's apps. */
export function manageLink (scene: Scene): Html {
  return html`<p class="more"><a href="${linkTo(scene, '/')}">${scene.speech.words.frame.manage}</a></p>`
}
