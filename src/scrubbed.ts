import { masked } from './masked.js'
import { ownValue } from './own-property.js'

/**
 * A copy of a foreign error that may be logged. Drivers put connection strings, rows and parameters into
 * messages and properties, so the copy has only the name, the code, the frames, and the messages of the error
 * and its causes, with everything secret masked.
 */
export function scrubbed (error: unknown): Error {
  try {
    return scrubbedCopy(error)
  } catch {
    return new Error('an error that can\'t be read')
  }
}

function scrubbedCopy (error: unknown): Error {
  if (!(error instanceof Error)) return new Error(`not an error: ${error === null ? 'null' : typeof error}`)
  const copy: Error & { code?: string } = new Error(masked(messageOf(error, MAX_CAUSES)))
  copy.name = masked(error.name)
  const code = ownValue(error, 'code')
  if (typeof code === 'string') copy.code = masked(code)
  copy.stack = [`${copy.name}: ${copy.message}`, ...framesOf(error)].join('\n')
  return copy
}

/** Causes of causes that are told. */
const MAX_CAUSES = 3

/** The message, with those of the causes: some errors say only that something failed. */
function messageOf (error: Error, depth: number): string {
  const message = String(error.message)
  const inner: unknown[] = error instanceof AggregateError && message === '' ? error.errors : [ownValue(error, 'cause')]
  const causes = depth === 0 ? [] : inner.filter(cause => cause instanceof Error)
  const others = causes.map(cause => messageOf(cause, depth - 1))
    .filter(other => other !== '' && !message.includes(other)).join('; ')
  return [message, others].filter(text => text !== '').join(': ')
}

/** The frames after the message, which may itself have lines that look like frames. */
function framesOf ({ stack, message }: Error): string[] {
  const [, ...after] = String(stack).split(message || '\n')
  return after.join('\n').split('\n').filter(line => /^\s+at /.test(line))
}
