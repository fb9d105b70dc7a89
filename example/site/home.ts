import { readFile } from 'node:fs/promises'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'

/** Allows only our own script and style. Forbids framing. */
const HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store'
}

const FILES = { 'home.js': 'text/javascript; charset=utf-8', 'home.css': 'text/css; charset=utf-8' }

const LOGIN = `
  <p>Log in with any name and the password <b>demo</b>.</p>
  <form id="login">
    <label>Name <input name="username" autocomplete="username" maxlength="64" required autofocus></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
    <button>Log in</button>
  </form>`

const MENU = `
  <ul>
    <li><a href="/vault">Open the vault</a></li>
    <li><a href="/send">Send the gold</a></li>
    <li><a href="/totp/">Two-step login</a></li>
    <li><button data-post="/logout" data-then="/">Log out</button></li>
  </ul>`

const SEND = `
  <p>This page takes a code of the last minute.</p>
  <ul>
    <li><button data-post="/transfer" data-done="The gold is sent.">Send it</button></li>
    <li><a href="/">Back</a></li>
  </ul>`

/** The site's own pages: all that a user sees of the second factor is the plugin's. */
export const home: FastifyPluginAsync = async app => {
  for (const [file, type] of Object.entries(FILES)) {
    const content = await readFile(new URL(`../../site/public/${file}`, import.meta.url))
    app.get(`/${file}`, { schema: { hide: true } }, async (_request, reply) =>
      await reply.headers(HEADERS).type(type).send(content))
  }

  app.get('/', { schema: { hide: true } }, async (request, reply) => {
    const { userId } = request.session
    return userId === undefined ? sendPage(reply, 'Gold Vault', LOGIN) : sendPage(reply, `Hello, ${userId}`, MENU)
  })
  app.get('/send', { schema: { hide: true }, preHandler: app.totp.required({ maxAge: 60 }) }, async (_request, reply) =>
    sendPage(reply, 'Send the gold', SEND))
}

/** True for a browser that opens a page; everything else gets JSON. */
export function wantsPage ({ headers }: FastifyRequest): boolean {
  return headers['sec-fetch-mode'] === 'navigate'
}

/**
 * Sends a page; its title may be text of a user. The script isn't deferred: a button that the script answers
 * would be there before it, and a click on it would be lost.
 */
export function sendPage (reply: FastifyReply, title: string, content: string): FastifyReply {
  const text = title.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
  return reply.headers(HEADERS).type('text/html; charset=utf-8').send(`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>${text}</title>
  <link rel="stylesheet" href="/home.css">
  <script src="/home.js"></script>
</head>
<body>
  <main>
  <h1>${text}</h1>
  <p role="status"></p>${content}
  </main>
</body>
</html>
`)
}
