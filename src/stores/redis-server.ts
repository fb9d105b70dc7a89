import { run, scriptOf, type RedisClient } from './redis-client.js'

const INFO = scriptOf("return redis.call('INFO')")

/** Eviction policies that spare keys without an expiry. */
const SAFE_EVICTION_POLICIES = /^(?:noeviction|volatile-.*)$/

/** Throws when the server is a replica, or when it may lose documents and `allowLoss` is false. */
export async function requireDurableServer (server: RedisClient, allowLoss: boolean): Promise<void> {
  const info = await infoOf(server)
  if (info('role') === 'slave') throw new Error('the Redis server is a replica, which lags behind: connect to the master')
  const [policy, appendonly] = [info('maxmemory_policy'), info('aof_enabled')]
  const faults = [
    ...(SAFE_EVICTION_POLICIES.test(policy) ? [] : [`maxmemory_policy is ${policy}`]),
    ...(appendonly === '1' ? [] : [`aof_enabled is ${appendonly}`])
  ]
  if (faults.length === 0 || allowLoss) return
  throw new Error(`the Redis server may lose documents, and with them second factors: ${faults.join(', ')}. Set ` +
    '"maxmemory-policy noeviction" and "appendonly yes", or set allowLoss: true if you know that it is safe')
}

/** The server's own settings and state, by name. */
async function infoOf (server: RedisClient): Promise<(name: string) => string> {
  try {
    const lines = String(await run(server, INFO, [])).split('\r\n').map(line => line.split(':', 2))
    const values = new Map(lines.map(([name = '', value = '']) => [name, value]))
    return name => values.get(name) ?? 'unknown'
  } catch (error) {
    // Managed servers may refuse INFO. Any other error is one of the connection, not an answer.
    if (!(error instanceof Error && /^(?:NOPERM|ERR) /.test(error.message))) throw error
    return () => `unknown (it refuses INFO: ${error.message})`
  }
}
