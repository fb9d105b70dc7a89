import fc from 'fast-check'
import t from 'tap'
import { times } from '../thoroughness.js'
import { commands, opening, Real } from './commands.js'
import { Model } from './model.js'

const STORIES = times(10_000, 500)
/** How many of each event all stories together have at least: few stories may have fewer by chance. */
const LEAST = times(500, 10)

// In CI they take four minutes of a core, and a machine may have others to do: this only ends what hangs.
t.setTimeout(1_800_000)

t.test('the rules and their model agree on every answer and every passage', async t => {
  const told = new Map<string, number>()
  await fc.assert(fc.asyncProperty(commands, async commands => {
    const real = new Real()
    await fc.asyncModelRun(() => ({ model: new Model(), real }), [...opening(), ...commands])
    for (const { type } of real.rig.events) told.set(type, (told.get(type) ?? 0) + 1)
  }), { numRuns: STORIES })
  t.comment(Object.fromEntries(told))
  for (const type of ['challenge.approved', 'factor.verified', 'factor.deleted', 'identity.locked', 'identity.disabled']) {
    t.ok((told.get(type) ?? 0) > LEAST, `the stories had ${type}: ${told.get(type)}`)
  }
})
