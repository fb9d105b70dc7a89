import type { Goal, Row } from './row.js'
import { saturation } from './saturation.js'
import { served } from './served.js'

const MAP = 'Map'
const SECURE = '@fastify/secure-session'
const SESSION = '@fastify/session'
const bare = (layer: string) => `${layer}, bare`
const guarded = (layer: string) => `${layer}, guarded`
const FLOOR = 'Map, floor: ask, hash, compare'
const HOOK = 'Map, empty hook'
const AGAIN = 'Map, bare again'

/** A request with an approval. One process answers with the guard and without it: no two are alike. */
export const guard: Row = {
  name: 'guard',
  title: 'guarded GET, 64 connections, 500 sessions, approved, over memoryStore',
  unit: 'requests/s',
  rounds: 60,
  goals: [
    ...[MAP, SECURE, SESSION].map((layer): Goal => ({ of: guarded(layer), by: bare(layer), atLeast: 0.97 })),
    ...[FLOOR, HOOK, AGAIN].map(of => ({ of, by: bare(MAP) }))
  ],
  async open () {
    const map = { server: served('vaults-map'), count: 8_000, over: bare(MAP) }
    const secure = { server: served('vaults-secure-session'), count: 5_000, over: bare(SECURE) }
    const session = { server: served('vaults-session'), count: 2_500, over: bare(SESSION) }
    // No server has two turns in a row: it would be ahead in the second.
    return await saturation([
      { ...map, name: bare(MAP), requests: 'bare' },
      { ...secure, name: bare(SECURE), requests: 'bare' },
      { ...map, name: guarded(MAP), requests: 'totp', refusal: 403 },
      { ...session, name: bare(SESSION), requests: 'bare' },
      { ...map, name: FLOOR, requests: 'floor' },
      { ...secure, name: guarded(SECURE), requests: 'totp', refusal: 403 },
      { ...map, name: HOOK, requests: 'hook' },
      { ...session, name: guarded(SESSION), requests: 'totp', refusal: 403 },
      { ...map, name: AGAIN, requests: 'same' }
    ])
  }
}
