import { STATUS_CODES } from 'node:http'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { newMark } from '../entity/mark.js'
import { CrossSiteError } from '../errors.js'
import { isCrossSite, READING } from '../http/cross-site.js'
import { endpoints, type Endpoint } from '../http/endpoints.js'
import { NO_STORE } from '../http/error-headers.js'
import { Nothing } from '../http/plain-schemas.js'
import type { SessionCaller } from '../verifier/caller.js'
import type { Verifier } from '../verifier/verifier.js'
import { OWN_ROUTE } from './own-route.js'
import type { Reception } from '../http/request-caller.js'
import { refused } from './error-reply.js'

/** A code, a name and a factor sid fit well; a bigger body is a mistake or an attack. */
const BODY_LIMIT = 4096

/** Where a request keeps who it is from. */
const CALLER = Symbol('fastify-verify-totp caller')

declare module 'fastify' {
  interface FastifyRequest {
    [CALLER]?: SessionCaller | null
  }
}

/** The endpoints as routes of a scope of their own, which the settings of the host don't reach. */
export function routes (
  reception: Reception, verifier: Verifier, trustedOrigins: readonly string[]
): FastifyPluginAsync {
  return async fastify => {
    /** Found out once, when the request begins: what its session loses after that, it may not use. */
    async function callerOf (request: FastifyRequest, reply: FastifyReply): Promise<SessionCaller> {
      request[CALLER] ??= await arrival(request, reply)
      return request[CALLER]
    }

    /** A session that is to change something has a mark from the beginning, so that it can be taken away. */
    async function arrival (request: FastifyRequest, reply: FastifyReply): Promise<SessionCaller> {
      const caller = await reception.caller(request)
      if (isCrossSite(request.method, request.headers, trustedOrigins)) throw new CrossSiteError()
      if (caller.session.mark !== null || READING.includes(request.method)) return caller
      const mark = newMark()
      await reception.keep(request, reply, mark)
      return { ...caller, session: { ...caller.session, mark } }
    }

    // The host may read forms or loose JSON, or coerce what it validates: here it is JSON, and strict.
    fastify.removeAllContentTypeParsers()
    fastify.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: BODY_LIMIT },
      fastify.getDefaultJsonParser('error', 'error'))
    // The schemas describe. Endpoints check their input themselves, and to compile serializers takes long.
    fastify.setValidatorCompiler(() => () => true)
    fastify.setSerializerCompiler(() => serialize)

    fastify.decorateRequest(OWN_ROUTE, true)
    fastify.decorateRequest(CALLER, null)
    fastify.addHook('onRequest', async (request, reply) => {
      reply.headers(NO_STORE)
      try {
        await callerOf(request, reply)
      } catch (error) {
        throw refused(request, reply, error)
      }
    })
    fastify.addHook('preValidation', async request => {
      if (request.body === undefined) request.body = {}
    })

    for (const endpoint of endpoints) {
      const { method, path: url } = endpoint
      const config = { [OWN_ROUTE]: true as const }
      fastify.route({ method, url, config, bodyLimit: BODY_LIMIT, schema: schemaOf(endpoint), handler })

      async function handler (request: FastifyRequest, reply: FastifyReply): Promise<object> {
        const caller = await callerOf(request, reply)
        const { params, query, body } = request
        const friendlyName = async () => await reception.friendlyName(request, caller.identity)
        try {
          const answer = await endpoint.handle({ verifier, caller, friendlyName, params, query, body })
          await reception.keep(request, reply, answer.mark ?? null, answer.rotate)
          reply.code(answer.status)
          return answer.body ?? reply.send()
        } catch (error) {
          throw refused(request, reply, error)
        }
      }
    }
  }
}

/** Fastify's error handler gives an object whose properties are neither its own nor enumerable. */
function serialize (payload: unknown): string {
  if (!(payload instanceof Error)) return JSON.stringify(payload)
  const told = ['statusCode', 'code', 'error', 'message'].map(name => [name, Reflect.get(payload, name)])
  return JSON.stringify(Object.fromEntries(told))
}

/** `summary` and `tags` are for those who generate a description of the API. */
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
