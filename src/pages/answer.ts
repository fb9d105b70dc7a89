import type { Log } from '../events.js'
import { scrubbed } from '../scrubbed.js'
import { ANSWER_HEADERS, ASSET_HEADERS, PAGE_HEADERS } from './headers.js'
import type { Page, Setting } from './page.js'
import type { Asset, Renderer } from './render.js'

/** The answer that a transport sends. */
export interface PageAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Values of `set-cookie`, beside those of the session. */
  readonly cookies: readonly string[]
  readonly body: string
}

/** A page in the user's language. One that can't be made is told in plain words: it has done its work. */
export function pageAnswer (
  { renderer, log }: { readonly renderer: Renderer, readonly log: Log },
  page: Page,
  setting: Setting,
  status = 200
): PageAnswer {
  try {
    const language = renderer.languageOf(setting.acceptLanguage)
    const body = renderer.render(page, setting)
    return { status, headers: { ...PAGE_HEADERS, 'content-language': language }, cookies: [], body }
  } catch (error) {
    log(scrubbed(error), 'totp: a page could not be made')
    const headers = { ...PAGE_HEADERS, 'content-type': 'text/plain; charset=utf-8' }
    return { status: 500, headers, cookies: [], body: 'This page could not be shown. Go back and try again.\n' }
  }
}

/** Leads to another page by GET. */
export function leadingAnswer (location: string): PageAnswer {
  return { status: 303, headers: { ...ANSWER_HEADERS, location }, cookies: [], body: '' }
}

/** A file that pages load. Its name changes with its content. */
export function assetAnswer ({ type, body }: Asset): PageAnswer {
  return { status: 200, headers: { ...ASSET_HEADERS, 'content-type': type }, cookies: [], body }
}
