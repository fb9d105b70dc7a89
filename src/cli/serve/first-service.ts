import type { FastifyInstance } from 'fastify'
import { CommandError } from '../failure.js'
import type { Credentials, StoredCredentials } from './credentials.js'

/** Authenticator apps show this name beside its factors. */
const FRIENDLY_NAME = 'Development'

/**
 * Returns the service that clients can use at once: the stored one, or a new one if that is missing.
 * Processes that start at the same time agree on one service, and the others delete theirs.
 */
export async function ensureFirstService (
  app: FastifyInstance, credentials: Credentials, stored: StoredCredentials
): Promise<string> {
  const { serviceSid } = credentials
  if (serviceSid !== null && await exists(app, credentials, serviceSid)) return serviceSid
  const own = await create(app, credentials)
  const agreed = await stored.replaceService(serviceSid, own)
  if (agreed !== own) await remove(app, credentials, own)
  return agreed
}

async function exists (app: FastifyInstance, credentials: Credentials, sid: string): Promise<boolean> {
  const { statusCode } = await request(app, credentials, { method: 'GET', path: `/${sid}`, expected: [200, 404] })
  return statusCode === 200
}

async function create (app: FastifyInstance, credentials: Credentials): Promise<string> {
  const response = await request(app, credentials, { method: 'POST', path: '', expected: [201] })
  const { sid }: { sid: string } = response.json()
  return sid
}

async function remove (app: FastifyInstance, credentials: Credentials, sid: string): Promise<void> {
  await request(app, credentials, { method: 'DELETE', path: `/${sid}`, expected: [204] })
}

interface ServiceRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  /** The statuses that are no failure. */
  readonly expected: readonly number[]
}

/** Sends a request as a client would. */
async function request (
  app: FastifyInstance, { accountSid, authToken }: Credentials, { method, path, expected }: ServiceRequest
) {
  const response = await app.inject({
    method,
    url: `/v2/Services${path}`,
    headers: {
      authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded'
    },
    ...(method === 'POST' ? { payload: new URLSearchParams({ FriendlyName: FRIENDLY_NAME }).toString() } : {})
  })
  if (expected.includes(response.statusCode)) return response
  throw new CommandError(`the first service can't be read or created: the API answered ${response.statusCode}`)
}
