import type { ServerResponse } from 'node:http'
import { refuseHookCall } from '../errors.js'
import { ownValue } from '../own-property.js'
import { MARK, requireMark, type ConnectPort } from './session.js'

/**
 * Keeps marks in the sessions of `cookie-session`. They are in a cookie and have no id to rotate.
 */
export const cookieSession: ConnectPort<object, ServerResponse> = portOf(MARK)

function portOf (entry: string): ConnectPort<object, ServerResponse> {
  return {
    server: 'connect',

    read (request, ...misused: unknown[]) {
      refuseHookCall(misused)
      const session = sessionOf(request)
      return session === null ? undefined : ownValue(session, entry)
    },

    write (request, response, mark) {
      requireMark(mark)
      if (response.headersSent) throw new Error('the answer has begun, and can\'t send the session\'s cookie any more')
      const session = sessionOf(request)
      if (session === null) throw new Error('the session has ended: call forget before you end it')
      requireSendable(request)
      Object.assign(session, { [entry]: mark })
    },

    withEntry (entry, ...misused: unknown[]) {
      refuseHookCall(misused)
      return portOf(entry)
    },

    lookAfter (_request, _response, log) {
      refuseHookCall([log])
    }
  }
}

/** The session of a request; null after the host has ended it. Throws if there is none. */
function sessionOf (request: object): object | null {
  const session: unknown = Reflect.get(request, 'session')
  if (session === null || (typeof session === 'object' && 'isPopulated' in session)) return session
  throw new Error('the request has no session of cookie-session: its middleware must stand in front of this one')
}

/** cookie-session doesn't say so when it can't send its cookie, and the approval would be lost. */
function requireSendable (request: object): void {
  const isHttps = valueIn(request, 'protocol') === 'https' || valueIn(request, 'socket', 'encrypted') === true
  if (isHttps || valueIn(request, 'sessionOptions', 'secure') !== true) return
  throw new Error('cookie-session has secure: true, but the request came over plain HTTP: behind a proxy, ' +
    'set app.set(\'trust proxy\', …)')
}

function valueIn (object: object, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) =>
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined, object)
}
