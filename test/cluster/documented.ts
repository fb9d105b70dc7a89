import { told, type Act, type Entry } from './journal.js'

/** Nobody is logged in any more, or the database was too slow or asked too often at once. */
const ALWAYS = ['401 ERR_TOTP_UNIDENTIFIED', '503 ERR_TOTP_CONFLICT', '503 ERR_TOTP_STORE', '503 EXAMPLE_UNAVAILABLE']
const CLOSED = ['403 ERR_TOTP_DISABLED', '429 ERR_TOTP_LOCKED']
const REQUIRED = '403 ERR_TOTP_CHALLENGE_REQUIRED'
const DENIED = '403 ERR_TOTP_CHALLENGE_DENIED'
const NOT_FOUND = '404 ERR_TOTP_FACTOR_NOT_FOUND'
const GUARD = [...CLOSED, REQUIRED, '403 ERR_TOTP_NOT_ENROLLED']
const LIMIT = '409 ERR_TOTP_FACTOR_LIMIT'

const ANSWERS: Readonly<Record<Act, readonly string[]>> = {
  'log in': ['200'],
  'log out': ['204'],
  withdraw: ['204'],
  vault: ['200', ...GUARD],
  transfer: ['200', ...GUARD],
  report: ['200', ...GUARD],
  pay: ['200', ...CLOSED, '403 ERR_TOTP_NOT_ENROLLED', '403 ERR_TOTP_CODE_REQUIRED', NOT_FOUND, DENIED],
  enroll: ['201', ...GUARD, LIMIT],
  verify: ['200', ...GUARD, LIMIT, NOT_FOUND, DENIED],
  challenge: ['200', ...GUARD, NOT_FOUND, DENIED],
  rename: ['200', ...GUARD, NOT_FOUND],
  remove: ['204', ...GUARD, NOT_FOUND],
  list: ['200'],
  recover: ['200', REQUIRED, DENIED],
  'new codes': ['201', ...GUARD],
  browsers: ['200', ...GUARD],
  forget: ['204', ...GUARD],
  revoke: ['204'],
  unlock: ['204'],
  reset: ['204'],
  pass: ['204', '403 ERR_TOTP_NOT_ENROLLED']
}

/** Every answer is one that the design names for its question. What a crash swallowed is none. */
export function documented (journal: readonly Entry[]): string[] {
  return journal.flatMap(entry => {
    const { act, status, code } = entry
    const answer = code === null ? String(status) : `${status} ${code}`
    return status === null || [...ANSWERS[act], ...ALWAYS].includes(answer) ? [] : [told(entry)]
  })
}
