import { startServer } from './processes.js'
import type { Row } from './row.js'
import { saturation } from './saturation.js'

const BARE = 'bare POST'
const OURS = 'ours'
const OURS_FIRST = 'ours, first challenge after a login'
const FLOOR = 'floor: open, judge, burn, approve'
const FASTIFY_TOTP = 'fastify-totp'
const BETTER_AUTH = 'better-auth'
const OTPLIB = 'otplib called by hand'
const OTPAUTH = 'otpauth called by hand'

/** A right code over HTTP, as fast as the server can. */
export const post: Row = {
  name: 'post',
  title: 'POST that checks one right code, 64 connections, over memoryStore, sessions in a Map',
  unit: 'requests/s',
  rounds: 15,
  turns: 5,
  goals: [
    { of: OURS, to: FLOOR, atLeast: 0.65 },
    { of: OURS, to: FASTIFY_TOTP, atLeast: 0.7 },
    { of: OURS, to: BETTER_AUTH, atLeast: 12 },
    ...[OURS, FLOOR, OURS_FIRST, OTPAUTH, FASTIFY_TOTP, OTPLIB, BETTER_AUTH].map(of => ({ of, to: BARE }))
  ],
  async open () {
    const judging = { requests: 'right', baseline: BARE, refusal: 403 }
    const ours = startServer('ours')
    return await saturation([
      { name: BARE, server: startServer('bare'), requests: 'right', count: 10_000 },
      { name: OURS, server: ours, ...judging },
      { name: FLOOR, server: startServer('floor'), ...judging },
      { name: OTPAUTH, server: startServer('otpauth'), ...judging, count: 8_000 },
      { name: OURS_FIRST, server: ours, ...judging, requests: 'first' },
      { name: FASTIFY_TOTP, server: startServer('fastify-totp'), ...judging, count: 5_000 },
      { name: OTPLIB, server: startServer('otplib'), ...judging, count: 3_000 },
      { name: BETTER_AUTH, server: startServer('better-auth'), ...judging, refusal: 401 }
    ])
  }
}

/** The same on Express 5, with better-auth as its guide for Express has it. */
export const expressPost: Row = {
  name: 'express-post',
  title: 'POST that checks one right code, on Express 5, 64 connections, over memoryStore, sessions in a Map',
  unit: 'requests/s',
  rounds: 15,
  turns: 5,
  goals: [{ of: OURS, to: BETTER_AUTH, atLeast: 8 }, ...[OURS, BETTER_AUTH].map(of => ({ of, to: BARE }))],
  async open () {
    const judging = { baseline: BARE, refusal: 403 }
    const ours = startServer('ours-express')
    return await saturation([
      { name: BARE, server: ours, requests: 'bare', count: 5_000 },
      { name: BETTER_AUTH, server: startServer('better-auth-express'), ...judging, requests: 'right', refusal: 401 },
      { name: OURS, server: ours, ...judging, requests: 'right' }
    ])
  }
}
