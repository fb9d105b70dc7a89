import { emitter, type Emitter, type Log } from './events.js'
import type { Settings } from './options.js'
import { embeddedProvider } from './providers/embedded.js'
import { providersOf } from './providers/providers.js'
import { createKeyring } from './seal.js'
import { jitter } from './time/back-off.js'
import { entitiesIn } from './verifier/entities.js'
import { createVerifier, type Verifier } from './verifier/verifier.js'

/** The verifier, and the end of the events that it emits. */
export interface Setup extends Pick<Emitter, 'settled'> {
  readonly verifier: Verifier
}

/** Connects the verifier to the ports that the settings name. `log` is told of listeners that fail. */
export function setUpVerifier<Request, Reply> (settings: Settings<Request, Reply>, log: Log): Setup {
  const { issuer, keys, store, attempts, timeout, clock } = settings
  const { emit, settled } = emitter({ listener: settings.onEvent, log, timeout })
  const entities = entitiesIn({ store, clock, timeout, backOff: jitter, emit })
  const keyring = createKeyring(keys)
  const embedded = embeddedProvider({ issuer, keyring })
  const providers = providersOf(embedded, settings.provider ?? embedded, settings.formerProviders)
  const verifier = createVerifier({ ...settings, entities, providers, ...keyring, emit, limits: attempts })
  return { verifier, settled }
}
