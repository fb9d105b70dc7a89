import type { PagesOptions } from '../options.js'
import type { Page, Setting } from './page.js'

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
export function createRenderer (_options: RendererOptions): Renderer {
  return { assets: [], render: page => page.kind }
}
