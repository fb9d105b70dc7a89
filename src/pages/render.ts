import type { PagesOptions } from '../options.js'
import { ownOnly } from '../own-property.js'
import { accentStyle } from './look/accent.js'
import { SCRIPT, STYLE } from './look/assets.js'
import type { Page, Setting } from './page.js'
import { interpreterOf } from './speech.js'
import { viewChallenge } from './views/challenge.js'
import { viewCheck } from './views/check.js'
import { viewCodes } from './views/codes.js'
import { document } from './views/frame.js'
import { viewManage } from './views/manage.js'
import { viewNewCodes } from './views/new-codes.js'
import { viewProblem } from './views/problem.js'
import { viewRecover } from './views/recover.js'
import { viewRemembered } from './views/remembered.js'
import { viewScan } from './views/scan.js'
import type { Scene, View } from './views/scene.js'
import { viewStart } from './views/start.js'
import { de } from './words/de.js'
import { en } from './words/en.js'
import { es } from './words/es.js'
import { fr } from './words/fr.js'

/** A file that pages load. */
export interface Asset {
  /** The path below the pages' own, with a hash of the content in it. */
  readonly path: string
  readonly type: string
  readonly body: string
}

/** Turns pages into HTML. */
export interface Renderer {
  readonly assets: readonly Asset[]
  /** The tag of the language in which a page answers a header `Accept-Language`. */
  languageOf (acceptLanguage: string | undefined): string
  render (page: Page, setting: Setting): string
}

/** What the pages are told once, at the start. */
export interface RendererOptions extends Pick<PagesOptions, 'brand' | 'languages'> {
  /** The full path of the pages, such as `/totp`. */
  readonly at: string
  /** The path to leave to. */
  readonly home: string
}

/** Makes the renderer of a server. */
export function createRenderer (options: RendererOptions): Renderer {
  const { brand, at, home, languages = { en, de, es, fr } } = ownOnly(options)
  const speak = interpreterOf(languages)
  const accent = accentStyle(brand.accent)
  const style = {
    path: `pages-${STYLE.hash}-${accent.name}.css`, type: 'text/css; charset=utf-8', body: STYLE.body + accent.body
  }
  const script = {
    path: `pages-${SCRIPT.hash}.js`, type: 'text/javascript; charset=utf-8', body: SCRIPT.body
  }
  const files = { style: style.path, script: script.path }

  return {
    assets: [style, script],
    languageOf: acceptLanguage => speak(acceptLanguage).tag,

    render (page, setting) {
      const scene = { brand, at, home, setting, speech: speak(setting.acceptLanguage) }
      return document(scene, viewOf(page, scene), files).toString()
    }
  }
}

function viewOf (page: Page, scene: Scene): View {
  switch (page.kind) {
    case 'manage': return viewManage(page, scene)
    case 'start': return viewStart(page, scene)
    case 'scan': return viewScan(page, scene)
    case 'challenge': return viewChallenge(page, scene)
    case 'recover': return viewRecover(page, scene)
    case 'codes': return viewCodes(page, scene)
    case 'newCodes': return viewNewCodes(page, scene)
    case 'check': return viewCheck(page, scene)
    case 'remembered': return viewRemembered(page, scene)
    case 'problem': return viewProblem(page, scene)
  }
}
