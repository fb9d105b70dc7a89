/** Browsers by their `User-Agent`, the more particular ones first: most of them claim to be others too. */
const BROWSERS = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|OPT|OPX|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari']
] as const

/** Systems. Those of phones come first, because they claim to be like those of desks. */
const SYSTEMS = [
  [/\b(?:iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\b(?:Macintosh|Mac OS X)\b/, 'macOS'],
  [/\b(?:Linux|X11)\b/, 'Linux']
] as const

/** Headers may be as long as a server takes them; browsers say who they are in the beginning. */
const LONGEST_READ = 512

/**
 * A name by which the user tells this browser from others, such as `Firefox on Windows`. It has only words of
 * this file: text of the header could be an attacker's, and would be shown to the user.
 */
export function browserName (userAgent: unknown): string {
  const text = typeof userAgent === 'string' ? userAgent.slice(0, LONGEST_READ) : ''
  const [, browser = 'Browser'] = BROWSERS.find(([pattern]) => pattern.test(text)) ?? []
  const [, system] = SYSTEMS.find(([pattern]) => pattern.test(text)) ?? []
  return system === undefined ? browser : `${browser} on ${system}`
}
