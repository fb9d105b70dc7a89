import { StoreError, TotpError } from '../errors.js'
import { scrubbed } from '../scrubbed.js'

/** Tells the user in one sentence why a command failed. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError'
  /** The exit code of the process. */
  readonly exitCode: number = 1
}

/** The command line is wrong. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError'
  override readonly exitCode = 2
}

/** Nothing is kept about the identity. */
export class UnknownIdentityError extends CommandError {
  override readonly name = 'UnknownIdentityError'
  override readonly exitCode = 3
  constructor () {
    super('nothing is kept about this identity: check its spelling (case and blanks count, and "report" lists them all)')
  }
}

/** One line that says what went wrong, without credentials. */
export function reasonOf (error: unknown): string {
  // The message of a StoreError is meant for clients. Its cause has the reason, already without credentials.
  if (error instanceof StoreError) return reasonOf(error.cause)
  const own = error instanceof CommandError || error instanceof TotpError
  const { message, name } = own ? error : scrubbed(error)
  const [line = ''] = message.split('\n')
  // Some errors, for example of connections, have no message, only a code.
  return line || (error instanceof Error && 'code' in error ? String(error.code) : name)
}

/** Awaits `call`. If it fails, the reason follows `failure`, which says what couldn't be done. */
export async function attempt<T> (failure: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw error instanceof CommandError ? error : new CommandError(`${failure}: ${reasonOf(error)}`)
  }
}
