import { useExpress } from '../again-on-express/express-server.js'

useExpress(5, 'tokens')
await import('../story.test.js')
