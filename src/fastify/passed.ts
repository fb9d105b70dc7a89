import type { FastifyInstance } from 'fastify'
import { deadlineIn, type Deadline } from '../time/deadline.js'
import type { AnyReply, AnyRequest } from './any-server.js'
import { SAFE_METHODS } from '../http/cross-site.js'

/** Seconds for which a decision holds while the body of the request is still to come. */
const HOLDS_FOR = 1

/** A guard's decision to let a request pass, which can be made again. */
interface Passed {
  readonly guard: (request: AnyRequest, reply: AnyReply) => Promise<void>
  /** Until then the decision holds. */
  readonly holds: Deadline
}

const PASSED = Symbol('fastify-verify-totp passed')

const VALIDATED = Symbol('fastify-verify-totp validated')

declare module 'fastify' {
  interface FastifyRequest {
    [PASSED]?: Passed[] | null
    [VALIDATED]?: boolean
  }
}

/**
 * A guard as `onRequest` decides before the body is there. A client may take hours to send it, and lose its
 * approval meanwhile, so the guard decides again before the handler runs.
 */
export function decideAgain (fastify: FastifyInstance): void {
  fastify.decorateRequest(PASSED, null)
  fastify.decorateRequest(VALIDATED, false)
  fastify.addHook('preHandler', (request, reply, done) => {
    request[VALIDATED] = true
    const old = (request[PASSED] ?? []).filter(({ holds }) => holds.isOver())
    if (old.length === 0) done()
    else Promise.all(old.map(async ({ guard }) => await guard(request, reply))).then(() => done(), done)
  })
}

/**
 * True once the body of a request was read and validated. The hook above runs before every `preHandler` of a
 * guard, because guards are made after it is added.
 */
export function isValidated (request: AnyRequest): boolean {
  return request[VALIDATED] === true
}

/** Notes that a guard let a request pass whose body isn't there yet. */
export function notePassed (request: AnyRequest, guard: Passed['guard']): void {
  if (SAFE_METHODS.includes(request.method) || request.body !== undefined) return
  request[PASSED] = [...request[PASSED] ?? [], { guard, holds: deadlineIn(HOLDS_FOR) }]
}
