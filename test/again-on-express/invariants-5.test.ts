import { runAgain } from './again.js'
import { useExpress } from './express-server.js'

useExpress(5)
await runAgain('invariants')
