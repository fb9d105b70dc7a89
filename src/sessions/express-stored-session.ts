import type { ServerResponse } from 'node:http'
import { ownValue } from '../own-property.js'
import { storeOf, type Done } from './rotation.js'
import { shadow } from './shadow.js'

/** A session of `express-session`. */
export interface ExpressSession {
  readonly id: string
  readonly cookie: { toJSON? (): object }
  regenerate (done: Done): unknown
  reload (done: Done): unknown
  save (done?: Done): unknown
  destroy (done?: Done): unknown
}

/** The session of a request. Throws if it has none. */
export function expressSessionOf (request: object): ExpressSession {
  const session = sessionIn(request)
  if (session !== null) return session
  throw new Error('the request has no session of express-session: its middleware must stand in front of this one, ' +
    'and its store must be connected')
}

/** The session of a request; null if it has none, as after a logout. */
export function sessionIn (request: object): ExpressSession | null {
  const session: unknown = Reflect.get(request, 'session')
  return isExpressSession(session) ? session : null
}

function isExpressSession (session: unknown): session is ExpressSession {
  return typeof session === 'object' && session !== null && 'regenerate' in session && 'save' in session &&
    'id' in session && 'cookie' in session
}

/**
 * True for a session that was loaded by the cookie, and not created for this request. The client chooses the
 * spelling of its cookie, and a cookie parser may have moved it.
 */
export function cameWith (request: object, { id }: ExpressSession): boolean {
  const header = ownValue(objectIn(request, 'headers'), 'cookie')
  const pairs = typeof header === 'string' ? header.split(';').map(cookieValueOf) : []
  return [...pairs, ...Object.values(objectIn(request, 'cookies'))].some(value => isSigned(value, id)) ||
    Object.values(objectIn(request, 'signedCookies')).includes(id)
}

function objectIn (request: object, name: string): object {
  const value: unknown = Reflect.get(request, name)
  return typeof value === 'object' && value !== null ? value : {}
}

function cookieValueOf (pair: string): string {
  const value = pair.slice(pair.indexOf('=') + 1)
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** True for a cookie's value with this id, after which the signature follows. */
function isSigned (value: unknown, id: string): boolean {
  return typeof value === 'string' && value.includes(`s:${id}.`)
}

/** True if the answer sends the cookie of this session. */
export function isSent (response: ServerResponse, { id }: ExpressSession): boolean {
  return [response.getHeader('set-cookie') ?? []].flat()
    .some(cookie => String(cookie).includes(encodeURIComponent(`s:${id}.`)))
}

/** The entries of a session, as text to compare. A cookie that merely lasts longer is no change. */
export function contentOf (session: object): string {
  return JSON.stringify({ ...session, cookie: null })
}

/** Sets an entry of a session, or removes it. */
export function setEntry (session: object, entry: string, value: unknown): void {
  if (value === undefined) Reflect.deleteProperty(session, entry)
  else Object.defineProperty(session, entry, { value, enumerable: true, configurable: true, writable: true })
}

/** Does something while express-session believes that the request has no session whose cookie it may send. */
export function withoutId (request: object, act: () => unknown): unknown {
  const id: unknown = Reflect.get(request, 'sessionID')
  try {
    Reflect.set(request, 'sessionID', undefined)
    return act()
  } finally {
    Reflect.set(request, 'sessionID', id)
  }
}

/** The request can still read the session, but express-session no longer saves it or sends its cookie. */
export function leaveAlone (request: object, session: ExpressSession): void {
  const { regenerate } = session
  if (Reflect.get(request, 'sessionID') === session.id) Reflect.set(request, 'sessionID', undefined)
  shadow(session, 'save', (done?: Done) => {
    done?.()
    return session
  })
  shadow(session, 'reload', (done: Done) => {
    done(new Error('failed to load session'))
    return session
  })
  // A login makes a new session, as always.
  shadow(session, 'regenerate', (done: Done) => {
    Reflect.set(request, 'sessionID', session.id)
    return regenerate.call(session, done)
  })
}

/**
 * The same for a note that an old cookie found. It stays stored, whatever its request does: a logout that is
 * under way finds the new session by it.
 */
export function leaveNoteAlone (request: object, note: ExpressSession): void {
  const { regenerate } = note
  leaveAlone(request, note)
  shadow(note, 'regenerate', (done: Done) => {
    const store = storeOf(request, 'express-session')
    regenerateOnly(request, note, regenerate, error => {
      Reflect.set(request, 'sessionStore', store)
      done(error)
    })
    return note
  })
  shadow(note, 'destroy', (done?: Done) => {
    Reflect.deleteProperty(request, 'session')
    done?.()
    return note
  })
}

/**
 * Gives the request a session with a new id. express-session would end the old one: this store ends none, and
 * stays with the request until it is replaced.
 */
export function regenerateOnly (
  request: object, session: ExpressSession, regenerate: ExpressSession['regenerate'], done: Done
): unknown {
  const destroy = { value: (_id: string, done: Done) => done() }
  Reflect.set(request, 'sessionStore', Object.create(storeOf(request, 'express-session'), { destroy }))
  return regenerate.call(session, done)
}
