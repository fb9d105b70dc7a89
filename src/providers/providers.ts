import type { VerifiedFactor } from '../entity/entity.js'
import { ProviderError } from '../errors.js'
import type { LocalProvider, Provider, RemoteProvider } from './provider.js'

/** The configured providers. */
export interface Providers {
  /** Creates new factors. */
  readonly present: Provider
  /** Judges codes of embedded factors. It needs only the keys, so it is always there. */
  readonly embedded: LocalProvider
  /** The provider that keeps the factors of this service. Throws `ProviderError` when it isn't configured. */
  remote (serviceSid: string): RemoteProvider
  /** The remote provider of this service, or, without a sid, the only one; undefined when there is none. */
  find (serviceSid: string | undefined): RemoteProvider | undefined
  /** True for a factor that the present provider didn't create. */
  isFormer (factor: VerifiedFactor): boolean
}

/** Finds providers by what each factor records: only the provider that created a factor judges it. */
export function providersOf (
  embedded: LocalProvider, present: Provider, former: readonly RemoteProvider[]
): Providers {
  const remotes = [...(present.name === 'embedded' ? [] : [present]), ...former]

  function find (serviceSid: string | undefined): RemoteProvider | undefined {
    if (serviceSid === undefined) return remotes.length === 1 ? remotes[0] : undefined
    return remotes.find(provider => provider.serviceSid === serviceSid)
  }

  return {
    present,
    embedded,
    find,

    remote (serviceSid) {
      const provider = find(serviceSid)
      if (provider !== undefined) return provider
      throw new ProviderError(new Error(
        `a factor is kept by the Verify service ${serviceSid}, which is neither "provider" nor among "formerProviders"`))
    },

    isFormer (factor) {
      if (factor.provider === 'embedded') return present.name !== 'embedded'
      return present.name === 'embedded' || factor.remote.serviceSid !== present.serviceSid
    }
  }
}
