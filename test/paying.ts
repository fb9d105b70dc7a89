import type { FastifyInstance } from 'fastify'
import type { Response, Visitor } from './visitor.js'

/** Routes that take a code with each request, and the payments that their handlers made. */
export interface Payments {
  /** `request.totp` of each request whose handler ran. */
  readonly made: unknown[]
  readonly routes: (app: FastifyInstance) => void
}

export function payments (): Payments {
  const made: unknown[] = []
  return {
    made,
    routes: app => {
      app.post('/payment', { preHandler: app.totp.required({ perRequest: true }) }, async request => {
        made.push(request.totp)
        return { payment: 'sent', passage: request.totp }
      })
    }
  }
}

/** Pays with a code, or without one. */
export async function pay (
  person: Visitor, code?: string, headers: Record<string, string> = {}
): Promise<Response> {
  return await person.request('POST', '/payment', { amount: 5 }, withCode(code, headers))
}

/** Headers with a code. */
export function withCode (code?: string, headers: Record<string, string> = {}): Record<string, string> {
  return code === undefined ? headers : { 'totp-code': code, ...headers }
}
