import { scrubbed } from './errors.js'

/** What happened; the names are those of Twilio Verify's webhooks where it has one. */
export type TotpEventType =
  | 'factor.created' | 'factor.verified' | 'factor.deleted' | 'factor.adopted' | 'factor.leftover'
  | 'challenge.approved' | 'challenge.denied'
  | 'identity.locked' | 'identity.disabled' | 'identity.unlocked' | 'identity.revoked' | 'identity.reset'
  | 'document.refused' | 'provider.refused' | 'guard.unenrolled'

/** Something worth a mail to the user, an audit row or an alarm. It never carries a secret or a code. */
export interface TotpEvent {
  /** What happened. */
  readonly type: TotpEventType
  /** Whose factor, challenge or document it is. */
  readonly identity: string
  /** The factor it is about, or null when it is about the whole identity. */
  readonly factorSid: string | null
  /** Unix seconds. */
  readonly at: number
}

/**
 * Called after the write has won, off the request's path. What it throws or rejects is logged and changes
 * nothing.
 */
export type EventListener = (event: TotpEvent) => void | Promise<void>

/** Hands events to the listener, if there is one, later: it can neither fail nor delay a request. */
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
