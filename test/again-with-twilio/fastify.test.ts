import { runAgain } from './provider.js'

await runAgain('fastify')
