/**
 * The origin of a URL as `fetch` reads it: relative ones are below the page's. Null for a path where that
 * isn't known. A spelling that isn't understood is an origin of its own, so it equals no other.
 */
export function originOf (url: string): string | null {
  try {
    url = new Request(url).url
  } catch {
    // Without a page, relative URLs have no base.
  }
  // React Native's `URL` has no `origin`.
  const origin = /^[a-z][\w+.-]*:\/\/[^/?#]*/i.exec(url)?.[0].toLowerCase()
  return origin ?? (/^\/?(?!\/)[\w.~@%-]*([/?#]|$)/.test(url) ? null : url)
}
