import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import t, { type Test } from 'tap'
import * as everything from '../src/index.js'
import * as operations from '../src/operations.js'
import * as testing from '../src/testing.js'
import * as standIn from '../src/verify-api.js'
import { site } from './site.js'
import { untyped } from './untyped.js'

const PHASES = ['onRequest', 'preHandler'] as const

/** The functions of a module or an object, and those of the objects in it, by their paths. */
function functionsIn (object: object): Array<[path: string, value: unknown]> {
  return Object.entries(object).flatMap(([name, value]): Array<[string, unknown]> => {
    if (typeof value === 'function') return [[name, value]]
    if (typeof value !== 'object' || value === null) return []
    return functionsIn(value).map(([path, inner]) => [`${name}.${path}`, inner])
  })
}

t.test('every function of the package that is taken for a hook answers an error, and the request ends', async t => {
  for (const [path, hook] of functionsIn({ index: everything, operations, testing, standIn })) {
    for (const phase of PHASES) await endsWithError(t, `${path} as ${phase}`, phase, () => hook)
  }
})

t.test('every method of app.totp that is taken for a hook answers an error, and the request ends', async t => {
  const { app } = await site(t)
  const paths = functionsIn(app.totp).map(([path]) => path)
  t.ok(paths.includes('adoptAll') && paths.includes('required'))
  for (const path of paths) {
    for (const phase of PHASES) {
      await endsWithError(t, `app.totp.${path} as ${phase}`, phase, app => Reflect.get(app.totp, path))
    }
  }
})

t.test('functions that look at their arguments for a hook can still be called back by others', async t => {
  const errors = [new everything.ConflictError(), new Error('another')]
  t.same(errors.map(everything.isTotpError), [true, false], 'Array.prototype.map passes an index and the array')
  t.equal([1, 2].map(untyped(everything.memoryStore)).length, 2)
})

async function endsWithError (
  t: Test, name: string, phase: typeof PHASES[number], hookOf: (app: FastifyInstance) => unknown
): Promise<void> {
  let handled = 0
  const { login } = await site(t, {
    routes: app => {
      const hook: onRequestHookHandler = untyped(hookOf(app))
      try {
        app.get('/mistaken', { [phase]: hook }, async () => { handled++ })
      } catch {
        // Fastify doesn't take it for a hook at all.
        app.get('/mistaken', async (_request, reply) => { await reply.code(500).send() })
      }
    }
  })
  const alice = await login('alice')
  const answer = alice.get('/mistaken').then(({ status }) => status)
  const status = await Promise.race([answer, turns(200)])
  t.ok(status >= 400, `${name}: ${status === 0 ? 'the request hangs' : status}`)
  t.equal(handled, 0, name)
}

/** Resolves 0 after turns enough for an answer that waits for nothing. */
async function turns (count: number): Promise<number> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
  return 0
}
