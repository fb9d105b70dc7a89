import type { FastifyInstance } from 'fastify'
import { runHook, type AnyHook, type Exchange } from './hook-runner.js'
import { inProcess } from './in-process.js'
import { mapSite } from './map-site.js'
import type { Contender, Row } from './row.js'
import type { Visits } from './servers/vaults.js'

const OURS = 'ours: caller, check and hook'
const CHECK = 'ours: the check alone'
const FLOOR = 'floor: ask, hash, compare'
const EMPTY = 'empty hook'

/** A guarded request without HTTP: requests that Fastify made go through the hook again and again. */
export const guardInProcess: Row = {
  name: 'guard-in-process',
  title: 'a guarded request in process, 500 sessions, approved, over memoryStore',
  unit: 'µs',
  rounds: 15,
  turns: 9,
  goals: [
    { of: OURS, to: FLOOR, atMost: 4 },
    { of: CHECK, to: FLOOR },
    { of: EMPTY, to: FLOOR }
  ],
  async open () {
    const { app, visits, floor } = await mapSite()
    const { totp } = app
    const seen: Exchange[] = []
    app.get('/vault', async (request, reply) => {
      seen.push({ request, reply })
      return {}
    })
    const guard = totp.required()
    const approved = await exchangesOf(app, visits.approved, visits, seen)
    const unapproved = await exchangesOf(app, visits.unapproved, visits, seen)
    for (const hook of [guard, floor]) await requireRefusal(app, hook, unapproved)
    const callers = await Promise.all(approved.map(async ({ request }) => await totp.caller(request)))
    const check = async () => { for (const caller of callers) await totp.check(caller) }
    return {
      contenders: [
        throughHook(OURS, app, guard, approved),
        throughHook(FLOOR, app, floor, approved),
        inProcess(CHECK, check, { each: callers.length }),
        throughHook(EMPTY, app, async () => {}, approved)
      ],
      async close () { await app.close() }
    }
  }
}

function throughHook (
  name: string, app: FastifyInstance, hook: AnyHook, exchanges: readonly Exchange[]
): Contender {
  return inProcess(name, async () => await runHook(app, hook, exchanges), { each: exchanges.length })
}

/** Sends a request of each session, and keeps what the route was given. */
async function exchangesOf (
  app: FastifyInstance, sessions: readonly string[], { header }: Visits, seen: Exchange[]
): Promise<Exchange[]> {
  for (const session of sessions) await app.inject({ url: '/vault', headers: { [header]: session } })
  return seen.splice(0)
}

/** Throws if the hook lets one of these requests pass: such a hook would be fast at nothing. */
async function requireRefusal (
  app: FastifyInstance, hook: AnyHook, exchanges: readonly Exchange[]
): Promise<void> {
  for (const exchange of exchanges) {
    const passed = await runHook(app, hook, [exchange]).then(() => true, () => false)
    if (passed) throw new Error('a request without an approval has passed')
  }
}
