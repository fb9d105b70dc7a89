import type { Row } from './row.js'
import { saturation } from './saturation.js'
import { served } from './served.js'

const BARE = 'bare POST'
const OURS = 'ours'
const OURS_FIRST = 'ours, first challenge after a log-in'
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
  goals: [
    { of: OURS, by: BARE, atLeast: 0.6 },
    { of: OURS, by: FASTIFY_TOTP, atLeast: 1.3 },
    { of: OURS, by: BETTER_AUTH, atLeast: 40 },
    { of: OURS, by: FLOOR },
    ...[FLOOR, OURS_FIRST, OTPAUTH, FASTIFY_TOTP, OTPLIB, BETTER_AUTH].map(of => ({ of, by: BARE }))
  ],
  async open () {
    const judging = { requests: 'right', over: BARE, refusal: 403 }
    const ours = served('ours')
    return await saturation([
      { name: BARE, server: served('bare'), requests: 'right', count: 20_000 },
      { name: OURS, server: ours, ...judging },
      { name: FLOOR, server: served('floor'), ...judging },
      { name: OTPAUTH, server: served('otpauth'), ...judging, count: 15_000 },
      { name: OURS_FIRST, server: ours, ...judging, requests: 'first' },
      { name: FASTIFY_TOTP, server: served('fastify-totp'), ...judging, count: 10_000 },
      { name: OTPLIB, server: served('otplib'), ...judging, count: 5_000 },
      { name: BETTER_AUTH, server: served('better-auth'), ...judging, refusal: 401 }
    ])
  }
}
