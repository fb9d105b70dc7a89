import { emitter, type Emitter, type Log } from './events.js'
import type { Settings } from './options.js'
import { embeddedProvider } from './providers/embedded.js'
import { providersOf } from './providers/providers.js'
import { createKeyring } from './seal.js'
import { jitter } from './time/back-off.js'
import { entitiesIn } from './verifier/entities.js'
import { judgeRequest, type JudgeRequest } from './verifier/request-code.js'
import { createVerifier, type Verifier } from './verifier/verifier.js'

/** The verifier, and the end of the events that it emits. */
export interface Setup extends Pick<Emitter, 'settled'> {
  readonly verifier: Verifier
  /** For guards alone: its callers have to read the body first, and to ask once. */
  readonly judgeRequest: JudgeRequest
}

/** Connects the verifier to the ports that the settings name. `log` is told of listeners that fail. */
export function setUpVerifier<Request, Reply> (settings: Settings<Request, Reply>, log: Log): Setup {
  const { issuer, keys, store, attempts, timeout, clock } = settings
  const { emit, settled } = emitter({ listener: settings.onEvent, log, timeout })
  const entities = entitiesIn({ store, clock, timeout, backOff: jitter, emit })
  const keyring = createKeyring(keys)
  const embedded = embeddedProvider({ issuer, keyring })
  const providers = providersOf(embedded, settings.provider ?? embedded, settings.formerProviders)
  const rememberFor = settings.remember?.for ?? 0
  const parts = { entities, providers, ...keyring, emit }
  const context = { ...settings, ...parts, claims: settings, limits: attempts, rememberFor }
  return {
    verifier: createVerifier(context),
    judgeRequest: (caller, brought) => judgeRequest(context, caller, brought),
    settled
  }
}
