import { useExpress } from './express-server.js'

useExpress(5)
await import('../sessions/session-cookie.test.js')
