import { useExpress } from './express-server.js'

useExpress(5, 'cookie-session')
await import('../pages/served.test.js')
