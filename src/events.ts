import { channel } from 'node:diagnostics_channel'
import type { Method } from './method.js'
import { scrubbed } from './scrubbed.js'
import { deadlineIn } from './time/deadline.js'

/** The kinds of events. Where Twilio Verify has a webhook for one, the name is the same. */
export type TotpEventType =
  | 'factor.created' | 'factor.verified' | 'factor.deleted' | 'factor.adopted' | 'factor.leftover'
  | 'challenge.approved' | 'challenge.denied'
  | 'recovery.created' | 'recovery.used' | 'recovery.low' | 'pass.issued' | 'pass.used'
  | 'browser.remembered' | 'browser.forgotten'
  | 'identity.locked' | 'identity.disabled' | 'identity.unlocked' | 'identity.revoked' | 'identity.reset'
  | 'identity.moved' | 'document.refused' | 'provider.refused' | 'guard.unenrolled'

/** Something that happened to a user's second factor. It never carries a secret or a code. */
export interface TotpEvent extends EventSource {
  /** What happened. */
  readonly type: TotpEventType
  /** The user whom it is about. */
  readonly identity: string
  /** The factor it is about: `YF` and 32 hex digits. Null when it is about the whole identity. */
  readonly factorSid: string | null
  /** What approved, or was denied; null for events that are about neither. */
  readonly method: Method | null
  /** Who issued the pass that the event is about, as the application said; null for other events. */
  readonly by: string | null
  /** When it happened, in Unix seconds. */
  readonly at: number
}

/** The caller that an event comes from. */
export interface EventSource {
  /** `user` for a request of a login session; `operator` for a job or a script of the application. */
  readonly actor: 'user' | 'operator'
  /** The value that the option `context` returned for the request; null without one, and for operators. */
  readonly context: unknown
}

/**
 * The message about an event on the diagnostics channel `fastify-verify-totp:event`: without the parts that
 * are only for the application.
 */
export interface PublishedEvent extends Omit<TotpEvent, 'identity' | 'by' | 'context'> {
  /** The entity of the user: `YE` and 32 hex digits. Null when no entity could be read. */
  readonly entitySid: string | null
}

/** Tells of an event, and of the sid of its entity. */
export type Emit = (event: TotpEvent, entitySid: string | null) => void

/**
 * Called after the write has succeeded, off the request's path. An error that it throws is logged and changes
 * nothing.
 */
export type EventListener = (event: TotpEvent) => void | Promise<void>

/** Passes events on. */
export interface Emitter {
  readonly emit: Emit
  /** Waits for the events that are under way, up to `timeout`. Never rejects. */
  settled (): Promise<void>
}

/** Options of `emitter`. */
export interface EmitterOptions {
  readonly listener: EventListener | undefined
  /** Is told of listeners that fail, and of those that were still running in the end. */
  readonly log: Log
  /** Seconds that `settled` waits for listeners. */
  readonly timeout: number
}

/** Writes an error to the log, with a line that says what failed. */
export type Log = (error: Error, message: string) => void

/** Monitoring subscribes here, without any configuration of the plugin. */
const published = channel('fastify-verify-totp:event')

/**
 * Passes events to the listener, if there is one, and to subscribers of the diagnostics channel. They run
 * later, so they can neither fail nor delay a request.
 */
export function emitter ({ listener, log, timeout }: EmitterOptions): Emitter {
  const underWay = new Set<Promise<void>>()

  async function pass (event: TotpEvent, entitySid: string | null): Promise<void> {
    await new Promise(resolve => { setImmediate(resolve) })
    publish(event, entitySid)
    try {
      await listener?.(event)
    } catch (error) {
      log(scrubbed(error), 'totp: onEvent failed')
    }
  }

  return {
    emit (event, entitySid) {
      if (listener === undefined && !published.hasSubscribers) return
      const passing: Promise<void> = pass(event, entitySid).finally(() => underWay.delete(passing))
      underWay.add(passing)
    },

    async settled () {
      const deadline = deadlineIn(timeout)
      try {
        // A listener may have caused further events.
        while (underWay.size > 0) await deadline.waitFor(Promise.all(underWay))
      } catch (error) {
        log(scrubbed(error), `totp: closed while onEvent was still handling ${underWay.size} events`)
      }
    }
  }
}

function publish ({ type, factorSid, method, at, actor }: TotpEvent, entitySid: string | null): void {
  const message: PublishedEvent = { type, entitySid, factorSid, method, at, actor }
  published.publish(message)
}
