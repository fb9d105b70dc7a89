import { createServer } from 'node:http'
import { once } from 'node:events'
import { chromium, type Browser } from 'playwright-core'
import { createRenderer, type RendererOptions } from '../../src/pages/render.js'
import { programPath } from '../example/programs.js'
import { STATES } from './states.js'

const POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; frame-ancestors 'none'"

/** Every state of the pages at `<url>/<language>/<state>`, with the headers of a real server. */
export interface Gallery {
  readonly url: string
  close (): Promise<void>
}

/** Opens a gallery. */
export async function openGallery (
  options: Partial<Pick<RendererOptions, 'brand' | 'languages'>> = {}
): Promise<Gallery> {
  const renderer = createRenderer({ brand: { name: 'Acme' }, at: '/totp', home: '/', ...options })
  const server = createServer((request, response) => {
    const [, language = '', name = ''] = (request.url ?? '').split('/')
    const asset = renderer.assets.find(({ path }) => request.url === `/totp/${path}`)
    const state = STATES[name]
    const setting = {
      account: 'ada@example.org', notice: state?.notice ?? null, acceptLanguage: language, returnTo: null
    }
    response.setHeader('content-type', asset?.type ?? 'text/html; charset=utf-8')
    response.setHeader('content-security-policy', POLICY)
    response.end(asset?.body ?? (state === undefined ? '' : renderer.render(state.page, setting)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()

  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,

    async close () {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}

/** Starts Chromium. */
export async function startBrowser (): Promise<Browser> {
  return await chromium.launch({
    executablePath: programPath('chromium') ?? '', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
  })
}
