import { usePlainServer } from './express-server.js'

usePlainServer('Connect')
await import('../story.test.js')
