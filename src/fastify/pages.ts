import type { FastifyPluginAsync, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { isForm, readBytes, requireReadable } from '../http/body-text.js'
import { stopReading } from '../http/stop-reading.js'
import { hasUnreadBody } from '../http/unread-body.js'
import { UnreadableError } from '../http/unreadable-error.js'
import { varying } from '../http/vary.js'
import { createPages, type PagesParts } from '../pages/site.js'
import { OWN_ROUTE } from './own-route.js'

/** Where a request keeps its body until it is asked for. */
const BODY = Symbol('fastify-verify-totp body')

declare module 'fastify' {
  interface FastifyRequest {
    [BODY]?: Promise<Buffer> | null
  }
}

/** The pages as routes in a scope of their own, which the host's parsers don't reach. */
export function pagesPlugin (parts: PagesParts<FastifyRequest, FastifyReply>): FastifyPluginAsync {
  const pages = createPages(parts)
  return async fastify => {
    fastify.removeAllContentTypeParsers()
    fastify.addContentTypeParser('*', (request, payload, done) => {
      // At once, because a hook of the host may listen too. It is judged only after its sender is known, so a
      // stranger learns nothing about it.
      const body = readBytes(payload)
      body.catch(() => {})
      request[BODY] = body
      done(null)
    })
    fastify.decorateRequest(BODY, null)
    fastify.decorateRequest(OWN_ROUTE, true)

    for (const { path, methods, answer } of pages) {
      const config = { [OWN_ROUTE]: true as const }
      const options = { config, exposeHeadRoute: true, schema: HIDDEN, handler }
      fastify.route({ method: [...methods], url: path, ...options })

      async function handler (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
        const { method, headers, host, url } = request
        const query = url.replace(/^[^?]*/, '')
        const exchange = { request, reply, method, headers, host, query, readForm }
        const { status, headers: told, cookies, body } = await answer(exchange)
        // Fastify adds these to those that the reply has already.
        for (const cookie of cookies) reply.header('set-cookie', cookie)
        // The plugin has begun to read it, so Node.js doesn't throw the rest away before the next request.
        if (hasUnreadBody(request.raw)) reply.headers(stopReading(reply.raw))
        return reply.code(status).headers(varying(told, reply.getHeader('vary'))).send(body)

        async function readForm (): Promise<unknown> {
          const body = request[BODY] ?? null
          if (body === null) throw new UnreadableError('unsupported')
          requireReadable(headers, isForm)
          return (await body).toString()
        }
      }
    }
  }
}

/** `hide` is for `@fastify/swagger`: pages are no API. */
const HIDDEN: FastifySchema & { hide: true } = { hide: true }
