import type { FastifyInstance } from 'fastify'
import { leadingHeaders } from '../http/navigation.js'
import { hasFunctions } from '../option-checks.js'
import type { AnyRequest } from './any-server.js'

/** A refusal that a page mends, if it is what the request is answered with. */
interface Refused {
  readonly error: unknown
  /** The page's URL. */
  readonly location: string
  readonly isAnswer: boolean
}

const REFUSED = Symbol('fastify-verify-totp refused')

declare module 'fastify' {
  interface FastifyRequest {
    [REFUSED]?: Refused | null
  }
}

/** Notes where a request is to be led that a guard refuses with this error. */
export function noteRefused (request: AnyRequest, error: unknown, location: string): void {
  request[REFUSED] = { error, location, isAnswer: false }
}

/** Headers that belong to the answer which the redirect takes the place of. */
const OF_THE_ERROR = ['content-type', 'content-length', 'content-encoding', 'etag', 'last-modified', 'retry-after']

/**
 * Leads browsers to the page that a guard chose. Not where the guard throws: with `relation: 'or'` of
 * @fastify/auth the request may pass all the same.
 */
export function leadBrowsers (fastify: FastifyInstance): void {
  fastify.decorateRequest(REFUSED, null)
  fastify.addHook('onError', async (request, _reply, error) => {
    const refused = request[REFUSED] ?? null
    if (refused?.error === error) request[REFUSED] = { ...refused, isAnswer: true }
  })
  fastify.addHook('onSend', (request, reply, payload, done) => {
    const refused = request[REFUSED] ?? null
    if (refused?.isAnswer !== true || reply.statusCode < 400) return done(null, payload)
    reply.code(303).headers(leadingHeaders(refused.location, reply.getHeader('vary')))
    for (const name of OF_THE_ERROR) reply.removeHeader(name)
    if (hasFunctions<{ destroy (): void }>(payload, ['destroy'])) payload.destroy()
    done(null, null)
  })
}
