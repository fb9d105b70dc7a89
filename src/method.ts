/** The ways to be approved: a code of an app, a recovery code, or an operator's pass. */
export const METHODS = ['totp', 'recovery', 'pass'] as const

/** One of the ways to be approved. */
export type Method = typeof METHODS[number]
