import '../again-with-twilio/provider.js'
import { useTokens } from './fastify-server.js'

useTokens()
await import('../story.test.js')
