import type { FastifyInstance } from 'fastify'
import type { Credentials, KeptCredentials } from './credentials.js'
import { StartError } from '../failure.js'

/** Its factors are shown under this name in authenticator apps. */
const FRIENDLY_NAME = 'Development'

/**
 * The service that clients may use at once: the one that is kept or, when there is none any more, a new one,
 * made as a client would. Of processes that do so at the same time one wins, and the others take its service.
 */
export async function firstService (
  app: FastifyInstance, credentials: Credentials, kept: KeptCredentials
): Promise<string> {
  const { serviceSid } = credentials
  if (serviceSid !== null && await isThere(app, credentials, serviceSid)) return serviceSid
  const own = await create(app, credentials)
  const agreed = await kept.replaceService(serviceSid, own)
  if (agreed !== own) await call(app, credentials, 'DELETE', `/${own}`, [204])
  return agreed
}

async function isThere (app: FastifyInstance, credentials: Credentials, sid: string): Promise<boolean> {
  const { statusCode } = await call(app, credentials, 'GET', `/${sid}`, [200, 404])
  return statusCode === 200
}

async function create (app: FastifyInstance, credentials: Credentials): Promise<string> {
  const answer = await call(app, credentials, 'POST', '', [201])
  const { sid }: { sid: string } = answer.json()
  return sid
}

async function call (
  app: FastifyInstance, { accountSid, authToken }: Credentials, method: 'GET' | 'POST' | 'DELETE', path: string,
  expected: readonly number[]
) {
  const answer = await app.inject({
    method,
    url: `/v2/Services${path}`,
    headers: {
      authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded'
    },
    ...(method === 'POST' ? { payload: new URLSearchParams({ FriendlyName: FRIENDLY_NAME }).toString() } : {})
  })
  if (expected.includes(answer.statusCode)) return answer
  throw new StartError(`the service for the first client can't be had: status ${answer.statusCode}`)
}
