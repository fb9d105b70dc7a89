import { askUntil, type Ask, type Question, type TypedCodes } from './asking.js'
import { loginOf, type TotpClient } from './client.js'
import { conversations, type Conversation } from './conversations.js'
import type { Fetch } from './fetch.js'
import { originOf } from './origin.js'
import { failureIn, parsed, type Result, type TotpFailure } from './result.js'
import { sendingOf, type Sending } from './sending.js'

/** Options of `withTotp`. */
export interface WithTotpOptions {
  /** The client of the endpoints. It has the token, if there is one. */
  readonly totp: TotpClient
  /** Asks the user: once for all requests that wait, and again if the code was wrong. */
  readonly ask: Ask
  /** Origins of your API beside that of the client's `prefix`. The token and codes are sent to them. */
  readonly origins?: readonly string[]
}

const UNREPEATABLE = 'ERR_TOTP_UNREPEATABLE'

/** What `fetch` rejects with if a request is refused until the user gives a code, but can't be sent again. */
export interface UnrepeatableError extends TypeError {
  readonly code: typeof UNREPEATABLE
  /** The refusal of the server. */
  readonly response: Response
}

/** A request that is still refused after so many repetitions never passes. */
const MAX_ROUNDS = 5

/** A `fetch` that asks the user for a code where the server requires one, and repeats the request. */
export function withTotp (fetch: Fetch, { totp, ask, origins = [] }: WithTotpOptions): Fetch {
  const login = loginOf(totp)
  const own = [login.prefix, ...origins].map(originOf)
  const begin = conversations(login)
  /** The conversation about the approval of the session, which all refused requests join. */
  let shared: Conversation<boolean | null> | null = null
  /** Counts how often the user gave up: requests that were sent before that don't ask once more. */
  let declined = 0

  async function sendAsking (sending: Sending): Promise<Response> {
    const user = login.user.signal
    let mayAskAfter = declined
    let response = await sending.send()
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { code, status } = await refusalIn(response) ?? {}
      const needsCode = code === 'ERR_TOTP_CODE_REQUIRED'
      // An approval ends the session id that the request came with, or its token: no question is needed.
      const isOlder = sending.isOlder()
      const canPass = needsCode || code === 'ERR_TOTP_CHALLENGE_REQUIRED' || (isOlder && status === 401)
      if (!canPass || user.aborted) break
      if (sending.isOneShot) throw unrepeatable(response)

      if (needsCode) {
        const refused = response
        response = await sendWithCode(sending, refused)
        if (response === refused) break
      } else {
        if (!isOlder) {
          if (mayAskAfter !== declined) break
          shared ??= askForApproval(sending.about)
          const approved = await shared(sending.signal)
          if (approved === false) break
          if (approved) mayAskAfter = NaN
        }
        response = await sending.send({})
      }
    }
    return response
  }

  /** Resolves with null if the request may pass without a question. If it doesn't, it asks then. */
  function askForApproval (request: Question['request']): Conversation<boolean | null> {
    const { changes } = login
    const conversation = begin(async signal => {
      // Approved in another way, or a token refreshed, while this conversation waited for its turn.
      if (login.changes !== changes) return !signal.aborted && null
      const question = { for: 'session', request, signal } as const
      const approved = await askUntil(ask, question, totp.challenge, totp.recover)
      if (!approved && !signal.aborted) declined++
      return approved
    }, () => { if (shared === conversation) shared = null })
    return conversation
  }

  /**
   * A code works once, so each of several requests has a question of its own, one after the other. Resolves
   * with the last answer: the one there was, if the user gives no code.
   */
  async function sendWithCode (sending: Sending, refused: Response): Promise<Response> {
    let last = refused

    async function use ({ code, factorSid }: TypedCodes): Promise<Result<object>> {
      last = await sending.send({ 'totp-code': code, ...factorSid && { 'totp-factor': factorSid } })
      const refusal = await refusalIn(last)
      const isWrong = refusal?.code === 'ERR_TOTP_CHALLENGE_DENIED' || refusal?.code === 'ERR_TOTP_LOCKED'
      return isWrong ? { ok: false, error: refusal } : { ok: true, value: last }
    }

    await begin(async signal =>
      await askUntil(ask, { for: 'request', request: sending.about, signal }, use)
    )(sending.signal)
    return last
  }

  /** The refusal that an answer tells of, if it is from our origins and may be one of ours. */
  async function refusalIn (answer: Response): Promise<TotpFailure | null> {
    // An answer that a program made, such as a test, has no URL.
    const isOurs = answer.url === '' || own.includes(originOf(answer.url))
    const isJson = /json/i.test(`${answer.headers.get('content-type')}`)
    if (answer.ok || answer.redirected || !isOurs || !isJson) return null
    return failureIn(answer, parsed(await answer.clone().text().catch(() => ''))).error
  }

  return async (input, init) => {
    const sending = sendingOf(login, fetch, input, init)
    return own.includes(originOf(sending.about.url)) ? await sendAsking(sending) : await fetch(input, init)
  }
}

function unrepeatable (response: Response): UnrepeatableError {
  return Object.assign(new TypeError('A stream is sent once'), { code: UNREPEATABLE, response } as const)
}
