import { STATUS_CODES } from 'node:http'
import type { FastifyBodyParser, FastifyPluginAsync, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { IdentityError, UnidentifiedError } from '../errors.js'
import { BODY_LIMIT } from '../http/body-text.js'
import { endpoints, type Endpoint } from '../http/endpoints.js'
import { errorForClient, UNCACHED } from '../http/error-headers.js'
import { Nothing } from '../http/plain-schemas.js'
import type { Exchange, Service } from '../http/service.js'
import type { SessionCaller } from '../verifier/caller.js'
import { OWN_ROUTE } from './own-route.js'

/** Where a request keeps its caller. */
const CALLER = Symbol('fastify-verify-totp caller')

declare module 'fastify' {
  interface FastifyRequest {
    [CALLER]?: SessionCaller | null
  }
}

/** The endpoints as routes in a scope of their own, which the host's parsers and validators don't reach. */
export function routes (
  service: Service<FastifyRequest, FastifyReply>, acr: string | undefined
): FastifyPluginAsync {
  return async fastify => {
    // The host may read forms or loose JSON, or coerce what it validates. Here the body is JSON, and strict.
    fastify.removeAllContentTypeParsers()
    fastify.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: BODY_LIMIT },
      (_request, body, done) => { done(null, body) })
    // The schemas only describe: endpoints check their own input, and compiling serializers takes long.
    fastify.setValidatorCompiler(() => () => true)
    fastify.setSerializerCompiler(() => serialize)

    fastify.decorateRequest(OWN_ROUTE, true)
    fastify.decorateRequest(CALLER, null)
    fastify.addHook('onRequest', async (request, reply) => {
      reply.headers(UNCACHED)
      try {
        await callerOf(request, reply)
      } catch (error) {
        // An authenticator of the host may not have run yet: the next hook asks again.
        const isUnknown = error instanceof UnidentifiedError || error instanceof IdentityError
        if (!isUnknown) throw errorForClient(error, request.headers, acr)
      }
    })
    fastify.addHook('preValidation', async (request, reply) => {
      try {
        await callerOf(request, reply)
      } catch (error) {
        throw errorForClient(error, request.headers, acr)
      }
      request.body = await jsonIn(request, fastify.getDefaultJsonParser('error', 'error'))
    })

    for (const endpoint of endpoints) {
      const { method, path: url } = endpoint
      const config = { [OWN_ROUTE]: true as const }
      fastify.route({ method, url, config, bodyLimit: BODY_LIMIT, schema: schemaOf(endpoint), handler })

      async function handler (request: FastifyRequest, reply: FastifyReply): Promise<object> {
        const { params, query, body } = request
        const input = { params, query, body }
        try {
          const caller = await callerOf(request, reply)
          const answer = await service.answer(endpoint, exchangeOf(request, reply), caller, input)
          reply.code(answer.status)
          return answer.body ?? reply.send()
        } catch (error) {
          throw errorForClient(error, request.headers, acr)
        }
      }
    }
  }

  async function callerOf (request: FastifyRequest, reply: FastifyReply): Promise<SessionCaller> {
    request[CALLER] ??= await service.callerAtArrival(exchangeOf(request, reply))
    return request[CALLER]
  }
}

/**
 * Parses the body once the caller is known, so a request without a user learns nothing about its body.
 * Some clients send a content type with every request, so an empty body counts as none.
 */
async function jsonIn (request: FastifyRequest, parse: FastifyBodyParser<string>): Promise<unknown> {
  const { body } = request
  if (typeof body !== 'string' || body.trim() === '') return {}
  return await new Promise((resolve, reject) => {
    parse(request, body, (error, parsed) => error === null ? resolve(parsed) : reject(error))
  })
}

function exchangeOf (request: FastifyRequest, reply: FastifyReply): Exchange<FastifyRequest, FastifyReply> {
  const { method, headers, host } = request
  return { request, reply, method, headers, host }
}

/** Fastify's error handler passes an object whose properties JSON doesn't see: they are inherited. */
function serialize (payload: unknown): string {
  if (!(payload instanceof Error)) return JSON.stringify(payload)
  const told = ['statusCode', 'code', 'error', 'message'].map(name => [name, Reflect.get(payload, name)])
  return JSON.stringify(Object.fromEntries(told))
}

/** `summary` and `tags` are for `@fastify/swagger`. */
function schemaOf (
  { summary, params, body, replies }: Endpoint
): FastifySchema & { summary: string, tags: string[] } {
  const response = Object.entries(replies).map(([status, schema]) => [
    status, { description: STATUS_CODES[status], ...schema }
  ])
  return {
    summary,
    tags: ['totp'],
    params,
    querystring: Nothing,
    response: Object.fromEntries(response),
    ...(body === null ? {} : { body })
  }
}
