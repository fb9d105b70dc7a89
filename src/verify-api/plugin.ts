import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { StoreError } from '../errors.js'
import { scrubbed } from '../scrubbed.js'
import { isOrigin } from '../option-checks.js'
import { createKeyring } from '../seal.js'
import { AUTHENTICATE_HEADER, credentialCheck } from './authentication.js'
import type { VerifyAnswer } from './endpoints/endpoint.js'
import { ENDPOINTS } from './endpoints/endpoints.js'
import { verifyApiSettingsOf, type VerifyApiOptions } from './options.js'
import { recordsIn } from './records/records.js'
import { formOf } from './wire/form.js'
import { refusalFor } from './refusal-for.js'
import { NotFound, refusal, refusalBody, unreadableRequest } from './wire/refusal.js'

interface Parameters { readonly Params: Readonly<Record<string, string>> }

type Request = FastifyRequest<Parameters>

/** Far more than the largest form, which has all fields of a challenge. */
const BODY_LIMIT = 64 * 1024

/** The paths of Verify that aren't about TOTP. */
const UNSUPPORTED = ['Forms/:form', ...[
  'AccessTokens', 'AccessTokens/:sid', 'Webhooks', 'Webhooks/:sid', 'Passkeys/*',
  'Entities/:identity/Challenges/:challenge/Notifications', 'Verifications', 'Verifications/:sid',
  'VerificationCheck', 'RateLimits', 'RateLimits/*', 'MessagingConfigurations', 'MessagingConfigurations/:sid'
].map(path => `Services/:service/${path}`)].map(path => `/v2/${path}`)

/**
 * Serves the TOTP part of Twilio Verify v2, so that Twilio's helper libraries work without Twilio: only their
 * base URL changes. Its scope is its own: parsers, validators and error handlers of the host don't apply.
 */
export async function verifyApi (fastify: FastifyInstance, options: VerifyApiOptions): Promise<void> {
  const settings = verifyApiSettingsOf(options)
  const { accountSid, baseUrl } = settings
  const hasCredentials = credentialCheck(settings)
  const [recordsForRequest, keyring] = [recordsIn(settings), createKeyring(settings.keys)]

  parseForms(fastify)
  fastify.setErrorHandler(async (error, request, reply) => await sendRefusal(fastify, request, reply, error))
  fastify.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    if (hasCredentials(request.headers.authorization)) return
    reply.headers(AUTHENTICATE_HEADER)
    throw refusal(20003)
  })

  for (const { method, path, invalid, handle } of ENDPOINTS) {
    route(fastify, method, path, async request => await handle({
      records: recordsForRequest(),
      keyring,
      root: { accountSid, base: (baseUrl ?? originOf(request)) + fastify.prefix },
      params: request.params,
      query: formOf(request.url.replace(/^[^?]*/, '')),
      form: formOf(typeof request.body === 'string' ? request.body : '', invalid)
    }))
  }
  refuseOtherMethods(fastify)
  for (const path of UNSUPPORTED) refuse(fastify, fastify.supportedMethods, path, () => refusal(60204))
  for (const path of ['/v2', '/v2/*']) refuse(fastify, fastify.supportedMethods, path, () => new NotFound())
}

function parseForms (fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', { parseAs: 'string', bodyLimit: BODY_LIMIT }, (request, body, done) => {
    if (body === '' || isForm(request.headers['content-type'])) done(null, body)
    else done(unreadableRequest(415))
  })
}

function route (
  fastify: FastifyInstance, method: string, url: string, answer: (request: Request) => Promise<VerifyAnswer>
): void {
  fastify.route<Parameters>({
    method,
    url,
    bodyLimit: BODY_LIMIT,
    exposeHeadRoute: true,
    handler: async (request, reply) => await send(reply, await answer(request))
  })
}

function refuseOtherMethods (fastify: FastifyInstance): void {
  for (const path of new Set(ENDPOINTS.map(({ path }) => path))) {
    const served = ENDPOINTS.filter(endpoint => endpoint.path === path).map(({ method }) => method)
    const others = fastify.supportedMethods.filter(method => !['HEAD', ...served].includes(method))
    refuse(fastify, others, path, () => refusal(20004))
  }
}

/**
 * Refuses before the body is read, whatever is in it. Fastify wants a handler for each route all the same.
 */
function refuse (fastify: FastifyInstance, method: string[], url: string, reason: () => Error): void {
  const answer = async () => { throw reason() }
  fastify.route({ method, url, exposeHeadRoute: true, onRequest: answer, handler: answer })
}

async function sendRefusal (
  { prefix }: FastifyInstance, request: FastifyRequest, reply: FastifyReply, error: unknown
): Promise<FastifyReply> {
  const path = request.url.replace(/\?.*$/s, '').slice(prefix.length)
  const refused = refusalFor(error, path)
  if (refused.status >= 500) request.log.error(scrubbed(error instanceof StoreError ? error.cause : error))
  return await send(reply, { status: refused.status, body: refusalBody(refused) })
}

interface Sent {
  readonly status: number
  readonly body?: object
}

/** Sends the body as text, so that the host's serializers and `preSerialization` hooks can't change it. */
async function send (reply: FastifyReply, { status, body }: Sent): Promise<FastifyReply> {
  if (body === undefined) return await reply.code(status).send()
  return await reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body))
}

/**
 * The origin as the client sees it. HTTP/1.0 requests may lack `Host`. Any client may send a forged one, and
 * clients follow the URLs in our answers, so anything but a plain origin is refused.
 */
function originOf ({ protocol, host, socket: { localPort } }: FastifyRequest): string {
  const url = `${protocol}://${host === '' ? `localhost:${localPort}` : host}`
  const origin = /^\w+:\/\/[\w.:[\]-]+$/.test(url) && URL.canParse(url) ? new URL(url).origin : ''
  if (!isOrigin(origin)) throw unreadableRequest(400)
  return origin
}

function isForm (contentType: string | undefined): boolean {
  return /^application\/x-www-form-urlencoded *(?:;|$)/i.test(contentType ?? '')
}
