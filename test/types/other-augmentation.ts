import type { IncomingMessage } from 'node:http'
import '../../src/connect.js'

// As pino-http does. If this package augmented 'node:http' instead, the two would be two types, and no more
// of this would compile.
declare module 'http' { interface IncomingMessage { requestId?: string } }

export function both ({ requestId, totp }: IncomingMessage): string {
  return `${requestId} ${totp?.factorSid}`
}
