import { runAgain } from './again.js'
import { useExpress } from './express-server.js'

useExpress(4)
await runAgain('invariants')
