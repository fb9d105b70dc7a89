import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder. Tests are compiled into another one, so no path of theirs leads to it. */
export const ROOT = dirname(fileURLToPath(import.meta.resolve('fastify-verify-totp/package.json')))
