import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startDatabases } from './databases.js'

/* Runs a command for which `DATABASE_URL` and `REDIS_URL` name databases. */

const [command = '', ...args] = process.argv.slice(2)
const databases = await startDatabases()
try {
  const child = spawn(command, args, { env: { ...process.env, ...databases.env }, stdio: 'inherit' })
  const [code] = await once(child, 'close')
  process.exitCode = code ?? 1
} finally {
  await databases.stop()
}
