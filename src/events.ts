import { scrubbed } from './errors.js'

/** The kinds of events. Where Twilio Verify has a webhook for one, the name is the same. */
export type TotpEventType =
  | 'factor.created' | 'factor.verified' | 'factor.deleted' | 'factor.adopted' | 'factor.leftover'
  | 'challenge.approved' | 'challenge.denied'
  | 'identity.locked' | 'identity.disabled' | 'identity.unlocked' | 'identity.revoked' | 'identity.reset'
  | 'document.refused' | 'provider.refused' | 'guard.unenrolled'

/** Something that happened to a user's second factor. It never carries a secret or a code. */
export interface TotpEvent {
  /** What happened. */
  readonly type: TotpEventType
  /** The user whom it is about. */
  readonly identity: string
  /** The factor it is about: `YF` and 32 hex digits. Null when it is about the whole identity. */
  readonly factorSid: string | null
  /** When it happened, in Unix seconds. */
  readonly at: number
}

/**
 * Called after the write has won, off the request's path. An error that it throws is logged and changes
 * nothing.
 */
export type EventListener = (event: TotpEvent) => void | Promise<void>

/**
 * Passes events to the listener, if there is one. It runs later, so it can neither fail nor delay a request.
 */
export function emitter (
  listener: EventListener | undefined, log: (error: Error) => void
): (event: TotpEvent) => void {
  if (listener === undefined) return () => {}
  return event => {
    setImmediate(async () => {
      try {
        await listener(event)
      } catch (error) {
        log(scrubbed(error))
      }
    })
  }
}
