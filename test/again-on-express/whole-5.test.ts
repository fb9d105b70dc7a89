import { useExpress } from './express-server.js'

useExpress(5)
await import('../concurrent-requests.test.js')
await import('../reads-and-writes.test.js')
await import('../story.test.js')
