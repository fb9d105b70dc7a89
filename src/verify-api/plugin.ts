import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ConflictError, scrubbed, StoreError } from '../errors.js'
import { isOrigin } from '../options.js'
import { createKeyring, UnsealableError } from '../seal.js'
import { authentication, CHALLENGE } from './authentication.js'
import { challenges } from './endpoints/challenges.js'
import type { Answer, Endpoint } from './endpoints/endpoint.js'
import { entities } from './endpoints/entities.js'
import { factors } from './endpoints/factors.js'
import { formOf } from './wire/form.js'
import { verifyApiSettingsOf, type VerifyApiOptions } from './options.js'
import { recordsIn } from './records/records.js'
import { NotFound, notFound, Refusal, refusal, unreadable, wireRefusal } from './wire/refusal.js'
import { services } from './endpoints/services.js'

interface Parameters { readonly Params: Readonly<Record<string, string>> }

type Request = FastifyRequest<Parameters>

/** The longest form has the fields of a challenge, and fits well. */
const BODY_LIMIT = 64 * 1024

const ENDPOINTS: readonly Endpoint[] = [...services, ...entities, ...factors, ...challenges]

/** What there is of Verify beside TOTP. */
const UNSUPPORTED = ['Forms/:form', ...[
  'AccessTokens', 'AccessTokens/:sid', 'Webhooks', 'Webhooks/:sid', 'Passkeys/*',
  'Entities/:identity/Challenges/:challenge/Notifications', 'Verifications', 'Verifications/:sid',
  'VerificationCheck', 'RateLimits', 'RateLimits/*', 'MessagingConfigurations', 'MessagingConfigurations/:sid'
].map(path => `Services/:service/${path}`)].map(path => `/v2/${path}`)

/**
 * Answers as Twilio Verify v2 does, as far as it is about TOTP, so that its helper libraries work without
 * Twilio: point them here, and nothing else has to change. A scope of its own, which the host's parsers,
 * validators and error handlers don't reach.
 */
export async function verifyApi (fastify: FastifyInstance, options: VerifyApiOptions): Promise<void> {
  const settings = verifyApiSettingsOf(options)
  const { accountSid, baseUrl } = settings
  const isAuthentic = authentication(settings)
  const [recordsNow, keyring] = [recordsIn(settings), createKeyring(settings.keys)]

  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', { parseAs: 'string', bodyLimit: BODY_LIMIT }, (request, body, done) => {
    if (body === '' || isForm(request.headers['content-type'])) done(null, body)
    else done(unreadable(415))
  })
  fastify.setErrorHandler(async (error, request, reply) => await sendRefusal(request, reply, error))
  fastify.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    if (isAuthentic(request.headers.authorization)) return
    reply.headers(CHALLENGE)
    throw refusal(20003)
  })

  for (const { method, path, invalid, handle } of ENDPOINTS) {
    route([method], path, async request => await handle({
      records: recordsNow(),
      keyring,
      place: { accountSid, base: (baseUrl ?? originOf(request)) + fastify.prefix },
      params: request.params,
      query: formOf(request.url.replace(/^[^?]*/, '')),
      form: formOf(typeof request.body === 'string' ? request.body : '', invalid)
    }))
  }
  for (const path of new Set(ENDPOINTS.map(({ path }) => path))) {
    const served = ENDPOINTS.filter(endpoint => endpoint.path === path).map(({ method }) => method)
    const others = fastify.supportedMethods.filter(method => !['HEAD', ...served].includes(method))
    refuse(others, path, () => refusal(20004))
  }
  for (const path of UNSUPPORTED) refuse(fastify.supportedMethods, path, () => refusal(60204))
  for (const path of ['/v2', '/v2/*']) refuse(fastify.supportedMethods, path, () => new NotFound())

  function route (method: string[], url: string, answer: (request: Request) => Promise<Answer>): void {
    fastify.route<Parameters>({
      method,
      url,
      bodyLimit: BODY_LIMIT,
      exposeHeadRoute: true,
      handler: async (request, reply) => await send(reply, await answer(request))
    })
  }

  /** Before the body is read: what can't be done can't be done with any. Each route has to have a handler. */
  function refuse (method: string[], url: string, reason: () => Error): void {
    const answer = async () => { throw reason() }
    fastify.route({ method, url, exposeHeadRoute: true, onRequest: answer, handler: answer })
  }

  async function sendRefusal (
    request: FastifyRequest, reply: FastifyReply, error: unknown
  ): Promise<FastifyReply> {
    const path = request.url.replace(/\?.*$/s, '').slice(fastify.prefix.length)
    const refused = refusalFor(error, path)
    if (refused.status >= 500) request.log.error(scrubbed(error instanceof StoreError ? error.cause : error))
    return await send(reply, { status: refused.status, body: wireRefusal(refused) })
  }
}

/** As text, so that neither the host's serializers nor its hooks on what is to be serialized change it. */
async function send (reply: FastifyReply, { status, body }: Sent): Promise<FastifyReply> {
  if (body === undefined) return await reply.code(status).send()
  return await reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body))
}

interface Sent {
  readonly status: number
  readonly body?: object
}

/** The store failed, was too slow, lost too many races, or has what doesn't fit; it may be better later. */
const UNAVAILABLE = [StoreError, ConflictError, UnsealableError]

/** What a caller is told of an error. What it was, if it is nobody's business, is for the log. */
function refusalFor (error: unknown, path: string): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof NotFound) return notFound(path)
  if (UNAVAILABLE.some(kind => error instanceof kind)) return refusal(20503)
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  return status >= 400 && status < 500 ? unreadable(status) : refusal(20500)
}

/** As the caller knows it. HTTP/1.0 needs no `Host`, and anybody may send any: clients follow these URLs. */
function originOf ({ protocol, host, socket: { localPort } }: FastifyRequest): string {
  const asked = `${protocol}://${host === '' ? `localhost:${localPort}` : host}`
  const origin = /^\w+:\/\/[\w.:[\]-]+$/.test(asked) && URL.canParse(asked) ? new URL(asked).origin : ''
  if (!isOrigin(origin)) throw unreadable(400)
  return origin
}

function isForm (contentType: string | undefined): boolean {
  return /^application\/x-www-form-urlencoded *(?:;|$)/i.test(contentType ?? '')
}
