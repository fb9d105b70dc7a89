import { useExpress } from '../again-on-express/express-server.js'
import { runAgain } from './again.js'

useExpress(5, 'tokens')
await runAgain('http')
