import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { twilioProvider, type Entity, type EntityStore, type TwilioProvider } from '../../src/index.js'
import type { TwilioFactor } from '../../src/entity/entity.js'
import { gate, type Gate } from '../gate.js'
import { site, type Site, type SiteOptions } from '../site.js'
import type { Response, Visitor } from '../visitor.js'
import { hostile, type Hostile, type Kind } from './hostile.js'

/** A site whose factors are kept by a server that does what a test tells it. */
export interface There extends Site {
  readonly server: Hostile
}

/** Codes of `n`, all different: what is right, the server is told. */
export function codeOf (n: number): string {
  return String(n).padStart(6, '0')
}

/** The first code of every factor here. */
export const FIRST = codeOf(900_000)
/** A code that is right from the beginning. */
export const RIGHT = codeOf(900_001)
/** A code that never is. */
export const WRONG = codeOf(0)

/** The provider whose factors a server keeps. */
export function providerAt ({ client, serviceSid }: Hostile): TwilioProvider {
  return twilioProvider({ client, serviceSid })
}

/** Makes one, at a server of its own unless there is one. */
export async function there (
  t: { after (fn: () => Promise<void>): void }, options: SiteOptions = {}, given?: Hostile
): Promise<There> {
  const server = given ?? await hostile(t)
  server.right.add(FIRST).add(RIGHT)
  const provider = providerAt(server)
  const made = await site(t, { ...options, totp: { provider, timeout: 60, ...options.totp } })
  return { ...made, server }
}

/** Enrolls somebody, and verifies the factor with the first code. */
export async function enrolledThere (person: Visitor): Promise<string> {
  const { sid } = await person.enroll()
  const { status, text } = await verifyThere(person, sid)
  assert.equal(status, 200, text)
  return sid
}

/** Gives the first code. */
export async function verifyThere (person: Visitor, sid: string, code = FIRST): Promise<Response> {
  return await person.post(`/totp/factors/${sid}/verify`, { code })
}

/** What is kept about an identity. */
export async function kept (store: EntityStore, identity = 'alice'): Promise<Entity> {
  const entity = await store.get(`identity:${identity}`)
  assert.ok(entity !== null, 'something is kept')
  return entity
}

/** The first factor of an identity, which Twilio has. */
export async function keptFactor (store: EntityStore, identity = 'alice'): Promise<TwilioFactor> {
  const { factors: [factor] } = await kept(store, identity)
  assert.ok(factor?.provider === 'twilio')
  return factor
}

/** How many attempts count towards the lock. */
export async function counted (store: EntityStore, identity = 'alice'): Promise<number> {
  const { attempts: { failures, unknown, pending } } = await kept(store, identity)
  return failures + unknown + pending.length
}

/** Puts another document in the place of one, as somebody may who has the database. */
export async function rewrite (
  store: EntityStore, change: (entity: Entity) => Entity, identity = 'alice'
): Promise<void> {
  const entity = await kept(store, identity)
  const next = { ...change(entity), revision: entity.revision + 1 }
  assert.equal(await store.replace(`identity:${next.identity}`, entity.revision, next), true)
}

/** Resolves when so many requests of a kind have come to the server. */
export async function arrived (server: Hostile, kind: Kind, count: number): Promise<void> {
  while (server.asked(kind).length < count) await turn()
}

/** Has the server hold its answers of a kind back until the gate is opened. */
export function hold (server: Hostile, kind: Kind): Gate {
  const held = gate()
  server.answer(kind, async usual => {
    await held.passed
    return usual
  })
  return held
}
