import { useTokens } from './fastify-server.js'

useTokens()
await import('../story.test.js')
