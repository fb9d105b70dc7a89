import { runAgain } from './provider.js'

await runAgain('http')
