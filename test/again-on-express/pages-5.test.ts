import { useExpress } from './express-server.js'

useExpress(5)
await import('../pages/served.test.js')
await import('../pages/leading.test.js')
