import type { RedisDriver } from './redis-prefix.js'
import type { Goal } from './row.js'

/** Goals of the same contenders through each driver. The bound holds for ioredis, the faster one. */
export function goalsOfDrivers (of: string, to: string, atLeast?: number): Goal[] {
  return (['ioredis', 'node-redis'] as const).map(name => ({
    of: nameOn({ name }, of),
    to: nameOn({ name }, to),
    ...(name === 'ioredis' && atLeast !== undefined ? { atLeast } : {})
  }))
}

/** The name of a contender that goes through this driver. */
export function nameOn ({ name }: Pick<RedisDriver, 'name'>, contender: string): string {
  return `${name}, ${contender}`
}
