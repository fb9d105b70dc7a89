import assert from 'node:assert/strict'
import { authenticator, type Authenticator } from '../authenticator.js'
import type { StandIn, StandInResponse } from './stand-in.js'

/** A factor at a stand-in, and the app that holds its secret. */
export interface EnrolledAt extends Authenticator {
  readonly sid: string
  readonly secret: string
  /** Path of the entity, below `/v2`. */
  readonly entity: string
  /** Creates a challenge; `code` goes with it, if there is one. */
  challenge (code?: string, form?: Readonly<Record<string, string>>): Promise<StandInResponse>
  /** Gives a code to a challenge. */
  answer (challengeSid: string, code: string): Promise<StandInResponse>
  /** Changes the factor, or gives it a code. */
  update (form: Readonly<Record<string, string>>): Promise<StandInResponse>
}

/** An identity that no other test has. */
export function somebody (): string {
  return `identity-${++people}`
}

let people = 0

/** Creates a factor. */
export async function enroll (
  { fetch, serviceSid }: Pick<StandIn, 'fetch' | 'serviceSid'>, identity = somebody(), form: Record<string, string> = {}
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

/** Creates a factor and verifies it; the clock moves on, so that the next code is a new one. */
export async function enrollVerified (
  service: Pick<StandIn, 'fetch' | 'serviceSid' | 'now' | 'wait'>, identity?: string, form: Record<string, string> = {}
): Promise<EnrolledAt> {
  const factor = await enroll(service, identity, form)
  const { body, text } = await factor.update({ AuthPayload: factor.code(service.now()) })
  assert.equal(body.status, 'verified', text)
  service.wait(60)
  return factor
}
