import { MalformedError } from '../errors.js'
import { getOwn } from '../own-property.js'
import type { Passage } from '../guard.js'
import type { SessionCaller } from '../verifier/caller.js'
import { CODE_HEADERS, type JudgeRequest, type RequestCode } from '../verifier/request-code.js'
import type { Headers } from './cross-site.js'

/** A request whose code was judged, or is being judged. */
interface Judged {
  readonly identity: string
  readonly passage: Promise<Passage>
}

/**
 * Judges the code of each request once, however many guards ask: the first of them spends it. For another
 * user it is judged again.
 */
export function judgingOnce (
  judgeRequest: JudgeRequest
): (request: { readonly headers: Headers }, caller: SessionCaller) => Promise<Passage> {
  const judged = new WeakMap<object, Judged>()
  return (request, caller) => {
    const { identity } = caller
    const before = judged.get(request)
    if (before?.identity === identity) return before.passage
    const passage = judgeRequest(caller, codeIn(request.headers))
    judged.set(request, { identity, passage })
    return passage
  }
}

/** Node.js joins headers of one name with a comma, so a second code is malformed, too. */
function codeIn (headers: Headers): RequestCode {
  const factorSid = getOwn(headers, CODE_HEADERS.factorSid)
  if (factorSid !== undefined && !isFactorSid(factorSid)) {
    throw new MalformedError(`${CODE_HEADERS.factorSid} must be YF and 32 hex digits`)
  }
  return { code: getOwn(headers, CODE_HEADERS.code), factorSid }
}

function isFactorSid (sid: unknown): sid is string {
  return typeof sid === 'string' && /^YF[0-9a-f]{32}$/.test(sid)
}
