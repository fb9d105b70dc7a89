import { endpoints, type Endpoint } from '../http/endpoints.js'
import { UnreadableError } from '../http/unreadable-error.js'

/** An endpoint that a request asks for. */
export interface Match {
  readonly endpoint: Endpoint
  /** Decodes the parameters of the path. Throws `UnreadableError`. */
  params (): Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
}

/** Finds endpoints by method and URL. A path has one spelling; null for every other. */
export function matcherFor (prefix: string): (method: string, url: string) => Match | null {
  const routes = endpoints.map(endpoint => ({ endpoint, pattern: patternOf(endpoint.path) }))
  return (method, url) => {
    if (!url.startsWith(prefix)) return null
    const [path = '', ...query] = url.slice(prefix.length).split('?')
    const wanted = method === 'HEAD' ? 'GET' : method
    for (const { endpoint, pattern } of routes) {
      const found = endpoint.method === wanted ? pattern.exec(path) : null
      if (found === null) continue
      return {
        endpoint,
        params: () => decoded(found.groups ?? {}),
        query: Object.fromEntries(new URLSearchParams(query.join('?')))
      }
    }
    return null
  }
}

function patternOf (path: string): RegExp {
  return new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`)
}

function decoded (params: Readonly<Record<string, string>>): Record<string, string> {
  try {
    const entries = Object.entries(params).map(([name, value]) => [name, decodeURIComponent(value)])
    return Object.fromEntries(entries)
  } catch {
    throw new UnreadableError('badPath')
  }
}
