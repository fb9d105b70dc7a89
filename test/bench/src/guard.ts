import type { Row } from './row.js'
import { saturation } from './saturation.js'
import { startServer } from './processes.js'

const MAP = 'Map'
const SECURE = '@fastify/secure-session'
const SESSION = '@fastify/session'
const bare = (layer: string) => `${layer}, bare`
const guarded = (layer: string) => `${layer}, guarded`
const FLOOR = 'Map, floor: ask, hash, compare'
const HOOK = 'Map, empty hook'
const AGAIN = 'Map, bare again'

/** An approved request. One process serves both the guarded and the bare route, since no two are alike. */
export const guard: Row = {
  name: 'guard',
  title: 'guarded GET, 64 connections, 500 sessions, approved, over memoryStore',
  unit: 'requests/s',
  rounds: 15,
  turns: 5,
  goals: [
    { of: guarded(MAP), to: FLOOR, atLeast: 0.85 },
    { of: guarded(SECURE), to: bare(SECURE), atLeast: 0.85 },
    { of: guarded(SESSION), to: bare(SESSION), atLeast: 0.92 },
    ...[guarded(MAP), FLOOR, HOOK, AGAIN].map(of => ({ of, to: bare(MAP) }))
  ],
  async open () {
    const map = { server: startServer('vaults-map'), count: 8_000, baseline: bare(MAP) }
    const secure = { server: startServer('vaults-secure-session'), count: 5_000, baseline: bare(SECURE) }
    const session = { server: startServer('vaults-session'), count: 2_500, baseline: bare(SESSION) }
    // No server has two turns in a row, because it would be warm in the second.
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

const EXPRESS = 'express-session'
const BETTER_AUTH = 'better-auth'

/** The same on Express 5, with better-auth's look at a session as its guide for Express has it. */
export const expressGuard: Row = {
  name: 'express-guard',
  title: 'guarded GET on Express 5, 64 connections, 500 sessions of express-session, approved, over memoryStore',
  unit: 'requests/s',
  rounds: 15,
  turns: 5,
  goals: [
    { of: guarded(EXPRESS), to: guarded(BETTER_AUTH) },
    ...[EXPRESS, BETTER_AUTH].map(layer => ({ of: guarded(layer), to: bare(layer) }))
  ],
  async open () {
    const express = { server: startServer('vaults-express'), count: 2_500, baseline: bare(EXPRESS) }
    const betterAuth = { server: startServer('vaults-better-auth'), count: 2_500, baseline: bare(BETTER_AUTH) }
    return await saturation([
      { ...express, name: bare(EXPRESS), requests: 'bare' },
      { ...betterAuth, name: bare(BETTER_AUTH), requests: 'bare' },
      { ...express, name: guarded(EXPRESS), requests: 'totp', refusal: 403 },
      { ...betterAuth, name: guarded(BETTER_AUTH), requests: 'guarded', refusal: 401 }
    ])
  }
}
