import { codeAt, wrongCodeAt } from '../population.js'
import type { Preparation } from './answering.js'
import { SESSION_HEADER } from './map-sessions.js'

/** A turn has as many requests at most: a code works once. */
export const PEOPLE: readonly string[] = Array.from({ length: 8_000 }, (_, place) => `user-${place}`)

/** Where codes are posted to: what the plugin's own path is. */
export const PATH = '/totp/challenges'

/** What every session posts in a turn: the right code of that moment, or a wrong one. */
export function challenges (
  ids: Iterable<string>, momentOf: () => number
): { right: Preparation, wrong: Preparation } {
  const requests = { method: 'POST', path: PATH, header: SESSION_HEADER, values: [...ids] } as const
  return {
    right: () => ({ ...requests, body: { code: codeAt(momentOf()) } }),
    wrong: () => ({ ...requests, body: { code: wrongCodeAt(momentOf()) } })
  }
}
