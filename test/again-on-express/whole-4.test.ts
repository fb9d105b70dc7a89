import { useExpress } from './express-server.js'

useExpress(4)
await import('../concurrent-requests.test.js')
await import('../reads-and-writes.test.js')
await import('../story.test.js')
