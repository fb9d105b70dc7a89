import { twilioProvider, type EntityStore, type TwilioProviderOptions } from '../../src/index.js'
import { useProvider } from '../site.js'
import { standIn } from '../verify-api/stand-in.js'

/** Where sites have their factors, by the store that the instances of one application share. */
const services = new WeakMap<EntityStore, Promise<TwilioProviderOptions>>()

/**
 * Whoever imports this has every site on Twilio Verify: the real client, over a real socket, to the stand-in.
 */
useProvider(async (t, store, clock) => {
  const service = services.get(store) ?? standIn(t, { clock })
  services.set(store, service)
  const { client, serviceSid } = await service
  return { provider: twilioProvider({ client, serviceSid }) }
})
