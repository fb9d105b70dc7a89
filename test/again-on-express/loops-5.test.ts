import { useExpress } from './express-server.js'

useExpress(5)
await import('../pages/loops.test.js')
await import('../pages/naughty.test.js')
