import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import type { EmbeddedFactor, Entity } from '../../src/entity/entity.js'
import { startExample, temporaryFolder, type ExampleServer } from '../example/example-server.js'
import type { Answer, Enrolled, Guest } from '../example/guest.js'
import type { Database, Kind } from './database.js'
import { proxyTo, type Proxy } from './proxy.js'

/** An example that only has its database through a proxy. */
export interface Outage {
  readonly proxy: Proxy
  readonly server: ExampleServer
  /** Somebody with a verified factor, logged in twice. */
  person (identity: string): Promise<Person>
  /** What really is kept about an identity. */
  entity (identity: string): Promise<Entity>
  /** Resolves when the site serves again what it needs its database for. */
  recovered (): Promise<void>
}

/** Somebody with a verified factor. */
export interface Person {
  readonly factor: Enrolled
  /** A session that is approved. */
  readonly approved: Guest
  /** A session that isn't. */
  readonly unapproved: Guest
  /** A right code that was not asked for so far. */
  code (): string
  /** The one that was asked for last. If its time is nearly over, another one. */
  sameCode (): string
  wrongCode (): string
}

/** What the site says while it can't have its database: in the plugin's words, or its own. */
export const UNAVAILABLE = { status: 503, code: /^(?:ERR_TOTP_STORE|EXAMPLE_UNAVAILABLE)$/ }
/** What the plugin says of a store that failed. */
export const STORE_FAILED = { status: 503, code: 'ERR_TOTP_STORE' }
export const REQUIRED = { status: 403, code: 'ERR_TOTP_CHALLENGE_REQUIRED' }
export const DENIED = { status: 403, code: 'ERR_TOTP_CHALLENGE_DENIED' }

const TIME_STEP = 30

/** The same for all examples on one database. */
const KEYS = { TOTP_KEYS: randomBytes(32).toString('base64'), SESSION_SECRET: randomBytes(32).toString('hex') }

/** Milliseconds between two looks at whether something is so at last. */
const LOOK = 100

/** Starts an example on a database. */
export async function outage (t: Test, kind: Kind, database: Database, envOf = kind.env): Promise<Outage> {
  const proxy = await proxyTo(database.port)
  t.after(async () => await proxy.close())
  const env = { ...KEYS, ...envOf(proxy.port) }
  const server = await startExample(t, { dataDir: await temporaryFolder(t), env })

  return {
    proxy,
    server,

    async person (identity) {
      const approved = await server.login(identity)
      const factor = await approved.enrollEarly(server.now)
      let last = stepOf(server.now()) - 1
      const unapproved = await server.login(identity)

      function code (): string {
        last = Math.max(last + 1, stepOf(server.now()))
        assert.ok(last <= stepOf(server.now()) + 1, 'the code will be right only later')
        return factor.code(last * TIME_STEP)
      }

      return {
        factor,
        approved,
        unapproved,
        code,
        sameCode: () => last < stepOf(server.now()) ? code() : factor.code(last * TIME_STEP),

        wrongCode: () => factor.wrongCode(server.now())
      }
    },

    async entity (identity) {
      const entity = await database.store.get(`identity:${identity}`)
      assert.ok(entity, `nothing is kept about ${identity}`)
      return entity
    },

    async recovered () {
      const somebody = server.guest()
      await eventually(async () => (await somebody.login('somebody')).status === 200)
    }
  }
}

/** Resolves when it is so: what it waits for takes a while by itself, and happens without the test. */
export async function eventually (isSo: () => Promise<boolean>): Promise<void> {
  while (!await isSo()) await pause(LOOK)
}

/** The last step that a factor has burnt. */
export function lastStep ({ factors }: Entity, { sid }: Enrolled): number {
  const factor = factors.find((factor): factor is EmbeddedFactor => factor.sid === sid && factor.provider === 'embedded')
  assert.ok(factor, 'the factor is gone')
  return factor.lastStep
}

/** Sends the same again for as long as the site has no answer to it. */
export async function repeated (ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await ask()
    if (answer.status !== 503) return answer
    await pause(LOOK)
  }
}

function stepOf (time: number): number {
  return Math.floor(time / TIME_STEP)
}
