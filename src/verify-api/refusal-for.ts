import { ConflictError, StoreError } from '../errors.js'
import { ownValue } from '../own-property.js'
import { UnsealableError } from '../seal.js'
import { NotFound, notFoundAt, Refusal, refusal, unreadableRequest } from './wire/refusal.js'

/**
 * The store failed, timed out, lost too many races, or holds an invalid document. A later request may
 * succeed.
 */
const UNAVAILABLE = [StoreError, ConflictError, UnsealableError]

/** What the client is told about an error. Details of unexpected errors go to the log only. */
export function refusalFor (error: unknown, path: string): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof NotFound) return notFoundAt(path)
  if (UNAVAILABLE.some(kind => error instanceof kind)) return refusal(20503)
  const status = error instanceof Error ? Number(ownValue(error, 'statusCode') ?? 500) : 500
  return status >= 400 && status < 500 ? unreadableRequest(status) : refusal(20500)
}
