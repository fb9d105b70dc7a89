import { useExpress } from './express-server.js'

useExpress(5, 'cookie-session')
await import('../story.test.js')
