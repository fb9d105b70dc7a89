import { usePlainServer } from './express-server.js'

usePlainServer('node:http')
await import('../pages/served.test.js')
