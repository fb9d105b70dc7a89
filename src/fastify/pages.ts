import type { IncomingMessage } from 'node:http'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { isForm, readBytes, requireReadable } from '../http/body-text.js'
import { UnreadableError } from '../http/unreadable-error.js'
import { varying } from '../http/vary.js'
import { createPages, type PagesParts } from '../pages/site.js'
import { OWN_ROUTE } from './own-route.js'

/** Where a request keeps its body until it is asked for. */
const PAYLOAD = Symbol('fastify-verify-totp payload')

declare module 'fastify' {
  interface FastifyRequest {
    [PAYLOAD]?: IncomingMessage | null
  }
}

/** The pages as routes in a scope of their own, which the host's parsers don't reach. */
export function pagesPlugin (parts: PagesParts<FastifyRequest, FastifyReply>): FastifyPluginAsync {
  const pages = createPages(parts)
  return async fastify => {
    // The body is read only after its sender is known, so a stranger learns nothing about it.
    fastify.removeAllContentTypeParsers()
    fastify.addContentTypeParser('*', (request, payload, done) => {
      request[PAYLOAD] = payload
      done(null)
    })
    fastify.decorateRequest(PAYLOAD, null)
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
        if (status === 413) closeConnection(request, reply)
        return reply.code(status).headers(varying(told, reply.getHeader('vary'))).send(body)

        async function readForm (): Promise<unknown> {
          const payload = request[PAYLOAD] ?? null
          if (payload === null) throw new UnreadableError('unsupported')
          requireReadable(headers, isForm)
          return (await readBytes(payload)).toString()
        }
      }
    }
  }
}

/** `hide` is for `@fastify/swagger`: pages are no API. */
const HIDDEN: FastifySchema & { hide: true } = { hide: true }

/** The rest of a body that is too large isn't worth reading. Over HTTP/2 there is no such header. */
function closeConnection ({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (raw.httpVersionMajor === 1) reply.header('connection', 'close')
}
