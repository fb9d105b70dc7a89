import { codeAt, wrongCodeAt } from '../population.js'
import type { Preparation } from './answer-bench.js'
import { SESSION_HEADER } from './map-sessions.js'

/** A turn has at most one request of each user, because a code works once. */
export const PEOPLE: readonly string[] = Array.from({ length: 4_000 }, (_, place) => `user-${place}`)

/** The path of every server that takes codes: the plugin's own. */
export const PATH = '/totp/challenges'

/** The requests of a turn: every session posts the right code of that moment, or a wrong one. */
export function challenges (
  ids: Iterable<string>, momentOf: () => number
): { right: Preparation, wrong: Preparation } {
  const requests = { method: 'POST', path: PATH, header: SESSION_HEADER, values: [...ids] } as const
  return {
    right: () => ({ ...requests, body: { code: codeAt(momentOf()) } }),
    wrong: () => ({ ...requests, body: { code: wrongCodeAt(momentOf()) } })
  }
}
