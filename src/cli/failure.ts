import { scrubbed, StoreError, TotpError } from '../errors.js'

/** Why a command can't do its work, in a sentence for whoever started it. */
export class StartError extends Error {
  override readonly name: string = 'StartError'
  /** What the process exits with. */
  readonly exitCode: number = 1
}

/** The command was given what it doesn't understand. */
export class UsageError extends StartError {
  override readonly name = 'UsageError'
  override readonly exitCode = 2
}

/** One line about what went wrong, without credentials. */
export function reasonOf (error: unknown): string {
  // What it says is for strangers; its cause is scrubbed already.
  if (error instanceof StoreError) return reasonOf(error.cause)
  const own = error instanceof StartError || error instanceof TotpError
  const { message, name } = own ? error : scrubbed(error)
  const [line = ''] = message.split('\n')
  // Some errors, of connections for example, say nothing but their code.
  return line || (error instanceof Error && 'code' in error ? String(error.code) : name)
}

/** What `call` gives. When it fails, `what` says what couldn't be done. */
export async function attempt<T> (what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw error instanceof StartError ? error : new StartError(`${what}: ${reasonOf(error)}`)
  }
}
