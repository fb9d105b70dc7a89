import { usePlainServer } from './express-server.js'

usePlainServer('node:http')
await import('../pages/served.test.js')
await import('../pages/leading.test.js')
