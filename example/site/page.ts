import { readFile } from 'node:fs/promises'
import type { FastifyPluginAsync } from 'fastify'

const FILES = [
  { url: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { url: '/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8' },
  { url: '/page.css', file: 'page.css', type: 'text/css; charset=utf-8' }
]

/** Allows only our own script and style, and images in data URLs, such as the QR code. Forbids framing. */
const HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
    "img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache'
}

/** Options of `page`. */
export interface PageOptions {
  /** Seconds for which the page offers to remember the browser; null for none. */
  readonly remember: number | null
}

/** Serves the page: three files, read at the start. */
export const page: FastifyPluginAsync<PageOptions> = async (app, { remember }) => {
  for (const { url, file, type } of FILES) {
    const text = await readFile(new URL(`../../site/page/${file}`, import.meta.url), 'utf8')
    const content = text.replace('<body>', remember === null ? '<body>' : `<body data-remember="${remember}">`)
    app.get(url, { schema: { hide: true } }, async (_request, reply) =>
      await reply.headers(HEADERS).type(type).send(content))
  }
}
