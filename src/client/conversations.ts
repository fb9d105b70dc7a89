import type { Login } from './login.js'

/**
 * Lets a request join a conversation with the user. Resolves with the outcome; rejects when this signal
 * aborts, and the other requests go on.
 */
export type Conversation<Outcome> = (signal: AbortSignal | null | undefined) => Promise<Outcome>

/**
 * Begins a conversation after those before. Its own signal aborts when no request waits for it any more, and
 * when its user logs out. `ended` is told of its end, and of that.
 */
export type Begin = <Outcome>(
  talk: (signal: AbortSignal) => Promise<Outcome>, ended?: () => void
) => Conversation<Outcome>

/** Conversations with the user of a login, one at a time. */
export function conversations (login: Login): Begin {
  let last: Promise<unknown> = Promise.resolve()

  return (talk, ended) => {
    const controller = new AbortController()
    const user = login.user.signal
    let waiting = 0
    const stop = () => {
      ended?.()
      controller.abort()
    }
    const outcome = last.then(async () => {
      if (user.aborted) stop()
      user.addEventListener('abort', stop)
      return await talk(controller.signal)
    }).finally(() => {
      user.removeEventListener('abort', stop)
      ended?.()
    })
    last = outcome.catch(() => {})

    return async signal => await new Promise((resolve, reject) => {
      const leave = () => {
        // Signals of React Native have no reason.
        reject(signal?.reason ?? Object.assign(new Error('aborted'), { name: 'AbortError' }))
        if (!--waiting) stop()
      }
      waiting++
      if (signal?.aborted) return leave()
      signal?.addEventListener('abort', leave)
      outcome.finally(() => signal?.removeEventListener('abort', leave)).then(resolve, reject)
    })
  }
}
