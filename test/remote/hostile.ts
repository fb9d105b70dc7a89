import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import twilio from 'twilio'
import { encodeSecret } from '../../src/otp/secret.js'

/** The requests about factors that Verify has; any other is a stray. */
export type Kind = 'enroll' | 'verify' | 'create' | 'update' | 'remove' | 'removeEntity' | 'fetch' | 'stray'

/** A request as it came over the wire. */
export interface Asked {
  readonly kind: Kind
  readonly method: string
  /** Path and query, as they were sent. */
  readonly path: string
  /** The entity in the path, and the factor or challenge, if there is one. */
  readonly identity: string
  readonly sid: string
  readonly form: Readonly<Record<string, string>>
}

/** An answer: an object is sent as JSON, a text as it is. */
export interface Reply {
  readonly status: number
  readonly body?: unknown
  readonly type?: string
}

/** `hang`: never an answer; `reset`: no answer; `cut`: the beginning of one. */
export type Behavior = Reply | 'hang' | 'reset' | 'cut'

/** Replaces the usual answer, after it has taken effect. */
export type Instead = (usual: Reply, asked: Asked) => Behavior | Promise<Behavior>

/** A server that answers as Twilio Verify does, until it is told to do something else. */
export interface Hostile {
  /** Twilio's own client, pointed at the server. */
  readonly client: ReturnType<typeof twilio>
  readonly serviceSid: string
  readonly authToken: string
  readonly port: number
  /** The codes that are right, for every factor, and as often as one likes. */
  readonly right: Set<string>
  /** Every request so far. */
  readonly log: readonly Asked[]
  /** Factors by their sid, which a test may change. */
  readonly factors: Map<string, FactorThere>
  /** The names of the entities, which a test may change. */
  readonly entities: Set<string>
  /** The requests of one kind. */
  asked (kind: Kind): Asked[]
  /** Answers so from now on; a behavior that isn't a function is a request that had no effect. */
  answer (kind: Kind, instead: Behavior | Instead): void
  /** From now on it answers as usual. */
  mend (): void
  /** Called whenever a request hangs. */
  whenHung: () => void
  /** Stops listening on its port. */
  close (): Promise<void>
}

/** A factor as Verify keeps it. */
export interface FactorThere {
  readonly identity: string
  readonly friendlyName: string
  status: string
  readonly config: Readonly<Record<string, unknown>>
  dateCreated: string
}

interface ChallengeThere {
  readonly factorSid: string
  status: string
  tries: number
}

const TRIES = 5
const PATHS: ReadonlyArray<readonly [Kind, string, RegExp]> = [
  ['enroll', 'POST', /^\/v2\/Services\/[^/]+\/Entities\/([^/]+)\/Factors$/],
  ['verify', 'POST', /^\/v2\/Services\/[^/]+\/Entities\/([^/]+)\/Factors\/([^/]+)$/],
  ['fetch', 'GET', /^\/v2\/Services\/[^/]+\/Entities\/([^/]+)\/Factors\/([^/]+)$/],
  ['remove', 'DELETE', /^\/v2\/Services\/[^/]+\/Entities\/([^/]+)\/Factors\/([^/]+)$/],
  ['removeEntity', 'DELETE', /^\/v2\/Services\/[^/]+\/Entities\/([^/]+)$/],
  ['create', 'POST', /^\/v2\/Services\/[^/]+\/Entities\/([^/]+)\/Challenges$/],
  ['update', 'POST', /^\/v2\/Services\/[^/]+\/Entities\/([^/]+)\/Challenges\/([^/]+)$/]
]

/** A new sid, in Twilio's form. */
export function sidOf (prefix: 'AC' | 'VA' | 'YE' | 'YF' | 'YC'): string {
  return prefix + randomBytes(16).toString('hex')
}

/** The error body of Verify v2. */
export function refusal (status: number, code: number, message = 'Something that Twilio says'): Reply {
  return { status, body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status } }
}

/** The usual answer with other fields. */
export function but (fields: Readonly<Record<string, unknown>>): Instead {
  return ({ status, body }) => ({ status, body: { ...Object(body), ...fields } })
}

/** The usual answer without a field. */
export function without (name: string): Instead {
  return ({ status, body }) => {
    const { [name]: left, ...rest }: Record<string, unknown> = Object(body)
    return { status, body: rest }
  }
}

/** Starts one on a port of its own. */
export async function hostile (
  t: { after (fn: () => Promise<void>): void }, { autoRetry = false, serviceSid = sidOf('VA') } = {}
): Promise<Hostile> {
  const accountSid = sidOf('AC')
  const authToken = randomBytes(16).toString('hex')
  const right = new Set<string>()
  const log: Asked[] = []
  const insteads = new Map<Kind, Instead | Behavior>()
  const factors = new Map<string, FactorThere>()
  const entities = new Set<string>()
  const challenges = new Map<string, ChallengeThere>()

  const server = createServer(async (request, response) => {
    const asked = await readRequest(request)
    log.push(asked)
    const instead = insteads.get(asked.kind) ?? (usual => usual)
    const behavior = typeof instead === 'function' ? await instead(usualReply(asked), asked) : instead
    if (behavior === 'hang') made.whenHung()
    else send(response, behavior)
  })
  // A test that keeps the machine busy for long would find its idle connections closed.
  server.keepAliveTimeout = 0
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const port = portOf(server.address())
  const client = twilio(accountSid, authToken, { autoRetry })
  client.verify.baseUrl = `http://127.0.0.1:${port}`

  async function close (): Promise<void> {
    server.closeAllConnections()
    await new Promise<void>(resolve => { server.close(() => resolve()) })
  }
  t.after(close)

  function usualReply (asked: Asked): Reply {
    const { kind, identity, sid } = asked
    if (kind === 'enroll') return enrolled(asked)
    if (kind === 'create') return created(asked)
    if (kind === 'update') return updated(asked)
    if (kind === 'removeEntity') return entityRemoved(asked)
    const factor = factors.get(sid)
    if (kind === 'stray' || factor?.identity !== identity) return notFound(asked)
    if (kind === 'remove') return factors.delete(sid) ? { status: 204 } : notFound(asked)
    if (kind === 'verify' && isRight(asked)) factor.status = 'verified'
    return { status: 200, body: factorBody(sid, factor) }
  }

  function entityRemoved (asked: Asked): Reply {
    if (!entities.delete(asked.identity)) return notFound(asked)
    for (const [sid, { identity }] of factors) if (identity === asked.identity) factors.delete(sid)
    return { status: 204 }
  }

  function enrolled ({ identity, form }: Asked): Reply {
    entities.add(identity)
    const sid = sidOf('YF')
    const { FriendlyName: friendlyName = '' } = form
    const config = {
      alg: form['Config.Alg'],
      skew: Number(form['Config.Skew']),
      code_length: Number(form['Config.CodeLength']),
      time_step: Number(form['Config.TimeStep'])
    }
    const factor = { identity, friendlyName, status: 'unverified', config, dateCreated: '2027-01-15T08:00:00Z' }
    factors.set(sid, factor)
    const secret = form['Binding.Secret'] ?? encodeSecret(randomBytes(20))
    const uri = `otpauth://totp/Acme:${encodeURIComponent(friendlyName)}?secret=${secret}&issuer=Acme`
    return { status: 201, body: { ...factorBody(sid, factor), options: null, binding: { secret, uri } } }
  }

  function created (asked: Asked): Reply {
    const { FactorSid: factorSid = '' } = asked.form
    const factor = factors.get(factorSid)
    if (factor?.identity !== asked.identity) return notFound(asked)
    if (factor.status !== 'verified') return refusal(403, 60318)
    const sid = sidOf('YC')
    const challenge = { factorSid, status: 'pending', tries: 0 }
    challenges.set(sid, challenge)
    return tried(201, sid, challenge, factor, asked)
  }

  function updated (asked: Asked): Reply {
    const challenge = challenges.get(asked.sid)
    const factor = challenge && factors.get(challenge.factorSid)
    if (challenge === undefined || factor?.identity !== asked.identity) return notFound(asked)
    if (challenge.status === 'approved') return refusal(403, 60322)
    if (challenge.tries >= TRIES) return refusal(429, 60308)
    return tried(200, asked.sid, challenge, factor, asked)
  }

  function tried (
    status: number, sid: string, challenge: ChallengeThere, { identity }: FactorThere, asked: Asked
  ): Reply {
    challenge.tries++
    if (isRight(asked)) challenge.status = 'approved'
    const { factorSid } = challenge
    const dates = { date_created: '2027-01-15T08:00:00Z', date_updated: '2027-01-15T08:00:00Z', date_responded: null }
    return {
      status,
      body: {
        sid,
        account_sid: accountSid,
        service_sid: serviceSid,
        entity_sid: sidOf('YE'),
        identity,
        ...dates,
        factor_sid: factorSid,
        expiration_date: '2027-01-15T08:05:00Z',
        status: challenge.status,
        responded_reason: 'none',
        details: null,
        hidden_details: null,
        metadata: null,
        factor_type: 'totp',
        url: 'https://verify.example/',
        links: {}
      }
    }
  }

  function isRight ({ form }: Asked): boolean {
    return right.has(form['AuthPayload'] ?? '')
  }

  function factorBody (sid: string, { identity, friendlyName, status, config, dateCreated }: FactorThere) {
    return {
      sid,
      account_sid: accountSid,
      service_sid: serviceSid,
      entity_sid: sidOf('YE'),
      identity,
      date_created: dateCreated,
      date_updated: dateCreated,
      friendly_name: friendlyName,
      status,
      factor_type: 'totp',
      config,
      metadata: null,
      url: 'https://verify.example/'
    }
  }

  const made: Hostile = {
    client,
    serviceSid,
    authToken,
    port,
    right,
    log,
    factors,
    entities,
    close,
    asked: kind => log.filter(asked => asked.kind === kind),
    answer: (kind, instead) => { insteads.set(kind, instead) },
    mend: () => insteads.clear(),
    whenHung: () => {}
  }
  return made
}

async function readRequest (request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
  const { method = '', url: path = '' } = request
  for (const [kind, verb, pattern] of PATHS) {
    const found = verb === method ? pattern.exec(path) : null
    if (found !== null) return { kind, method, path, identity: found[1] ?? '', sid: found[2] ?? '', form }
  }
  return { kind: 'stray', method, path, identity: '', sid: '', form }
}

function send (response: ServerResponse, behavior: Exclude<Behavior, 'hang'>): void {
  if (behavior === 'reset') {
    response.destroy()
  } else if (behavior === 'cut') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"status":"approved"', () => { response.destroy() })
  } else {
    const { status, body, type = 'application/json' } = behavior
    response.writeHead(status, { 'content-type': type })
    response.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body))
  }
}

function notFound ({ path }: Asked): Reply {
  return refusal(404, 20404, `The requested resource ${path} was not found`)
}

function portOf (address: AddressInfo | string | null): number {
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}
