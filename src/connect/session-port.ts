import { InvalidOptionError, StoreError, UnidentifiedError } from '../errors.js'
import type { Service } from '../http/service.js'
import { isConnectPort, isFastifyPort, type SessionLog, type SessionPort } from '../sessions/session.js'
import { withClaim } from '../sessions/token-session.js'
import type { LookAfter } from './guards.js'

/** The port of the options, with its entry of the session. Throws `InvalidOptionError` if there is none. */
export function sessionPortOf<Request, Response> (
  port: SessionPort<Request, Response> | undefined, name: string
): SessionPort<Request, Response> {
  if (port === undefined) {
    throw new InvalidOptionError('session',
      'is needed: pass expressSession, cookieSession, tokenSession(…), or { read, write } for a session of your own')
  }
  if (isFastifyPort(port)) {
    throw new InvalidOptionError('session',
      'must be expressSession, cookieSession or a port of your own: fastifySession and secureSession are for Fastify')
  }
  return isConnectPort(port) ? port.withEntry(`${name}Mark`) : withClaim(port, name)
}

/** Throws, with the reason for the log, if the request has no session of the port's middleware. */
export type RequireSession<Request> = (request: Request) => void

/** A port of one's own says nothing about requests without a session. */
export function requireSessionOf<Request, Response> (
  port: SessionPort<Request, Response>
): RequireSession<Request> {
  return request => {
    if (!isConnectPort(port)) return
    try {
      port.read(request)
    } catch (error) {
      throw new StoreError(error)
    }
  }
}

/**
 * The same service. Without its session no user is found either, and "Log in first" would mislead the
 * developer.
 */
export function requiringSession<Request, Response> (
  service: Service<Request, Response>, requireSession: RequireSession<Request>
): Service<Request, Response> {
  return {
    ...service,
    async callerAtArrival (exchange) {
      try {
        return await service.callerAtArrival(exchange)
      } catch (error) {
        if (error instanceof UnidentifiedError) requireSession(exchange.request)
        throw error
      }
    }
  }
}

/** Looks after sessions as their port needs it. The log is told of what it sees. */
export function lookAfterWith<Request, Response> (
  port: SessionPort<Request, Response>, log: SessionLog
): LookAfter<Request, Response> {
  if (!isConnectPort(port)) return () => {}
  return (request, response) => port.lookAfter(request, response, log)
}
