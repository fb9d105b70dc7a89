import { usePlainServer } from './express-server.js'

usePlainServer('node:http')
await import('../story.test.js')
