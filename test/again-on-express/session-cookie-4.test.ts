import { useExpress } from './express-server.js'

useExpress(4)
await import('../sessions/session-cookie.test.js')
