import { runAgain } from './again.js'
import { useTokens } from './fastify-server.js'

useTokens()
await runAgain('invariants')
