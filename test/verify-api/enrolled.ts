import assert from 'node:assert/strict'
import { authenticator, type Authenticator } from '../authenticator.js'
import type { StandIn, StandInResponse } from './stand-in.js'

/** A factor of a stand-in, and the app that has its secret. */
export interface EnrolledAt extends Authenticator {
  readonly sid: string
  readonly secret: string
  /** Path of the entity, below `/v2`. */
  readonly entity: string
  /** Creates a challenge, optionally with a code. */
  challenge (code?: string, form?: Readonly<Record<string, string>>): Promise<StandInResponse>
  /** Sends a code for a challenge. */
  answer (challengeSid: string, code: string): Promise<StandInResponse>
  /** Changes the factor, or sends a code for it. */
  update (form: Readonly<Record<string, string>>): Promise<StandInResponse>
}

/** An identity that no other test uses. */
export function newIdentity (): string {
  return `identity-${++people}`
}

let people = 0

/** Creates a factor. */
export async function enroll (
  { fetch, serviceSid }: Pick<StandIn, 'fetch' | 'serviceSid'>, identity = newIdentity(), form: Record<string, string> = {}
): Promise<EnrolledAt> {
  const entity = `/Services/${serviceSid}/Entities/${identity}`
  const { status, body, text } = await fetch(`${entity}/Factors`, {
    method: 'POST', form: { FriendlyName: 'phone', FactorType: 'totp', ...form }
  })
  assert.equal(status, 201, text)
  const { alg, code_length: codeLength, time_step: timeStep } = body.config
  return {
    ...authenticator(body.binding.secret, { alg, codeLength, timeStep }),
    sid: body.sid,
    secret: body.binding.secret,
    entity,
    challenge: async (code, form = {}) => await fetch(`${entity}/Challenges`, {
      method: 'POST', form: { FactorSid: body.sid, ...(code === undefined ? {} : { AuthPayload: code }), ...form }
    }),
    answer: async (sid, code) => await fetch(`${entity}/Challenges/${sid}`, {
      method: 'POST', form: { AuthPayload: code }
    }),
    update: async form => await fetch(`${entity}/Factors/${body.sid}`, { method: 'POST', form })
  }
}

/** Creates and verifies a factor, then moves the clock so that the next code is unused. */
export async function enrollVerified (
  service: Pick<StandIn, 'fetch' | 'serviceSid' | 'now' | 'wait'>, identity?: string, form: Record<string, string> = {}
): Promise<EnrolledAt> {
  const factor = await enroll(service, identity, form)
  const { body, text } = await factor.update({ AuthPayload: factor.code(service.now()) })
  assert.equal(body.status, 'verified', text)
  service.wait(60)
  return factor
}
