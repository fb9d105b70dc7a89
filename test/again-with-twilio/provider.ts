import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { twilioProvider, type EntityStore, type TwilioProviderOptions } from '../../src/index.js'
import { ROOT } from '../root.js'
import { isEmbedded, useProvider } from '../site.js'
import { standIn } from '../verify-api/stand-in.js'

/** Where sites have their factors, by the store that the instances of one application share. */
const services = new WeakMap<EntityStore, Promise<TwilioProviderOptions>>()
let sites = 0

/**
 * Whoever imports this has every site on Twilio Verify: the real client, over a real socket, to the stand-in.
 */
useProvider(async (t, store, clock) => {
  const service = services.get(store) ?? standIn(t, { clock })
  services.set(store, service)
  const { client, serviceSid } = await service
  sites++
  return { provider: twilioProvider({ client, serviceSid }) }
})

// Both providers keep most promises in the same words: nobody would notice that it was the other one.
assert.ok(!isEmbedded())
t.teardown(() => assert.ok(sites > 0, 'some site had its factors at Twilio'))

/** Runs every test of a folder once more, with this provider. */
export async function runAgain (folder: string): Promise<void> {
  const files = readdirSync(join(ROOT, 'test', folder)).filter(file => /^[^.]+\.test\.ts$/.test(file))
  // The tests of one file might end before the next file is loaded: none of them begins until all are.
  await t.test(`the tests of ${folder} are loaded`, async () => {
    for (const file of files) await import(`../${folder}/${file.replace(/ts$/, 'js')}`)
  })
}
