import type { ServerResponse } from 'node:http'
import { notAGuard, MisconfiguredError } from '../errors.js'
import { hasFunctions } from '../option-checks.js'
import { getOwn } from '../own-property.js'

/** Methods that take a request and its response, and whether the third argument is one of a proper call. */
const OF_REQUESTS: Readonly<Record<string, (third: unknown) => boolean>> = {
  keep: third => third === null || typeof third === 'string',
  forget: third => third === undefined
}

/**
 * The same method, which answers an error when a server takes it for a middleware. Express 4 never looks at
 * the promise of a middleware: the request would hang, and a rejection would end the process.
 */
export function notAMiddleware<Method extends (...args: never[]) => unknown> (
  method: Method, name: string, refuse: (response: ServerResponse, error: unknown) => void
): Method {
  return new Proxy(method, {
    apply (target, self, args: unknown[]) {
      const [request, response, third] = args
      const isOfServer = isRequest(request) && isResponse(response)
      const isCall = getOwn(OF_REQUESTS, name)?.(third) === true
      if (!isOfServer || isCall) return Reflect.apply(target, self, args)
      refuse(response, new MisconfiguredError(notAGuard(name)))
    }
  })
}

/** HTTP/2 has classes of its own for both. */
function isRequest (value: unknown): boolean {
  return hasFunctions(value, ['setEncoding', 'resume'])
}

function isResponse (value: unknown): value is ServerResponse {
  return hasFunctions(value, ['setHeader', 'end'])
}
