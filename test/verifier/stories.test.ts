import fc from 'fast-check'
import t from 'tap'
import { times } from '../thoroughness.js'
import { Model } from './model.js'
import { Real } from './steps.js'
import { commands, opening } from './story.js'

const STORIES = times(10_000, 300)
const EVENTS = [
  'challenge.approved', 'factor.verified', 'factor.deleted', 'identity.locked', 'identity.disabled',
  'recovery.created', 'recovery.used', 'pass.issued', 'pass.used', 'browser.remembered', 'browser.forgotten'
]
/** How many of each event all stories together have at least: few stories may have fewer by chance. */
const LEAST = times(500, 5)

// In CI they take four minutes of a core, more on a busy machine. The timeout is only for a test that hangs.
t.setTimeout(1_800_000)

t.test('the verifier and its model agree on every answer, and on which session passes', async t => {
  const told = new Map<string, number>()
  let paid = 0
  await fc.assert(fc.asyncProperty(commands, async commands => {
    const real = new Real()
    await fc.asyncModelRun(() => ({ model: new Model(), real }), [...opening(), ...commands])
    paid += real.paid
    for (const { type } of real.rig.events) told.set(type, (told.get(type) ?? 0) + 1)
  }), { numRuns: STORIES })
  t.comment(Object.fromEntries(told))
  t.ok(paid > LEAST, `the stories had payments: ${paid}`)
  for (const type of EVENTS) {
    t.ok((told.get(type) ?? 0) > LEAST, `the stories had ${type}: ${told.get(type)}`)
  }
})
